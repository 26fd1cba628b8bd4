//! AWS behind TLS, as functions find it.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// Where the machine keeps the authorities it trusts, in one file, if it does.
const BUNDLE: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Serves what listens at `address` over TLS on a port of its own, and writes into `roots` whom to trust: an authority made
/// for this, after all that the machine trusts, since a deployed function reads that many. The address to use.
pub(crate) async fn front(address: std::net::SocketAddr, roots: &Path) -> anyhow::Result<String> {
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
    let key = KeyPair::generate()?;
    let certificate = CertificateParams::new(vec!["localhost".to_owned()])?.signed_by(&key, &authority)?;
    std::fs::write(roots, std::fs::read_to_string(BUNDLE).unwrap_or_default() + &authority.pem())?;

    let chain = vec![certificate.der().clone()];
    let private = PrivateKeyDer::try_from(key.serialize_der()).map_err(anyhow::Error::msg)?;
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, private).context("the TLS server")?;
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let port = listener.local_addr()?.port();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                // a function that is killed hangs up on us
                let _ = pass(acceptor, socket, address).await;
            });
        }
    });
    Ok(format!("https://localhost:{port}"))
}

async fn pass(acceptor: TlsAcceptor, socket: TcpStream, address: std::net::SocketAddr) -> std::io::Result<()> {
    socket.set_nodelay(true)?;
    let mut plain = TcpStream::connect(address).await?;
    plain.set_nodelay(true)?;
    let mut secure = acceptor.accept(socket).await?;
    copy_bidirectional(&mut secure, &mut plain).await?;
    Ok(())
}

//! S3: one bucket in a folder, spoken to by path. Signatures are checked, so a link is good for as long as it says.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use axum::body::Body;
use axum::extract::Request;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s_fs::FileSystem;
use tempfile::{NamedTempFile, TempDir};
use tower::ServiceExt;

use crate::KEY;
use crate::refusal::Refusal;

/// The service and what is in its bucket. Clones share it.
#[derive(Clone)]
pub struct S3 {
    service: S3Service,
    folder: PathBuf,
    bucket: String,
    /// The folder, where it is to be forgotten.
    _temporary: Option<Arc<TempDir>>,
}

impl S3 {
    /// A bucket that is gone with the service.
    ///
    /// # Errors
    /// There is no place for it.
    pub fn in_memory(bucket: &str) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let s3 = Self::open(folder.path(), bucket)?;
        Ok(Self { _temporary: Some(Arc::new(folder)), ..s3 })
    }

    /// The bucket kept in a folder, made on first use.
    ///
    /// # Errors
    /// The folder can't be made or read.
    pub fn open(folder: &Path, bucket: &str) -> anyhow::Result<Self> {
        let make = || -> anyhow::Result<FileSystem> {
            std::fs::create_dir_all(folder.join(bucket))?;
            FileSystem::new(folder).map_err(|error| anyhow::anyhow!("{error:?}"))
        };
        let files = make().with_context(|| format!("opening the bucket in {}", folder.display()))?;
        let mut service = S3ServiceBuilder::new(files);
        service.set_auth(SimpleAuth::from_single(KEY, KEY));
        Ok(Self { service: service.build(), folder: folder.to_owned(), bucket: bucket.to_owned(), _temporary: None })
    }

    /// Puts an object there as another service of AWS does, whole or not at all.
    ///
    /// # Errors
    /// It can't be written.
    pub fn put(&self, key: &str, bytes: &[u8]) -> anyhow::Result<()> {
        let path = self.folder.join(&self.bucket).join(key);
        let folder = path.parent().unwrap_or(&self.folder);
        std::fs::create_dir_all(folder)?;
        // written outside of the bucket, where a crash leaves nothing that would count as an object
        let mut fresh = NamedTempFile::new_in(&self.folder)?;
        std::io::Write::write_all(&mut fresh, bytes)?;
        fresh.as_file().sync_all()?;
        fresh.persist(&path)?;
        Ok(std::fs::File::open(folder)?.sync_all()?)
    }

    /// The keys of the objects that begin so, in order.
    pub fn keys(&self, prefix: &str) -> Vec<String> {
        let bucket = self.folder.join(&self.bucket);
        let mut found = Vec::new();
        let mut folders = vec![bucket.join(prefix.rsplit_once('/').map_or("", |(folder, _)| folder))];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                match path.is_dir() {
                    true => folders.push(path),
                    false => found.extend(path.strip_prefix(&bucket).ok().and_then(Path::to_str).map(str::to_owned)),
                }
            }
        }
        found.retain(|key| key.starts_with(prefix));
        found.sort();
        found
    }

    /// Writes everything to another folder, for a service that is opened there.
    pub(crate) fn copy_to(&self, folder: &Path) -> std::io::Result<()> {
        copy(&self.folder, folder)
    }

    /// Whether a request is one to S3: by the service that its signature is made for, or by the bucket it names.
    pub(crate) fn is_meant(&self, request: &Request) -> bool {
        let signed = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let path = request.uri().path().trim_start_matches('/');
        signed.contains("/s3/aws4_request") || path.split('/').next() == Some(&self.bucket)
    }

    pub(crate) async fn call(&self, request: Request) -> Response {
        match self.service.clone().oneshot(request).await {
            Ok(answer) => answer.map(Body::new),
            Err(error) => Refusal::internal(format!("{error:?}")).into_response(),
        }
    }
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let copy_to = to.join(entry.file_name());
        match entry.file_type()?.is_dir() {
            true => copy(&entry.path(), &copy_to)?,
            false => _ = std::fs::copy(entry.path(), copy_to)?,
        }
    }
    Ok(())
}

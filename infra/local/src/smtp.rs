//! A mail system for real mail programs: what they send to it is received as by SES (RFC 5321).
//!
//! It listens on this machine only, asks for no password, and takes mail for the reply domain alone. There is no DNS here to
//! look a sender's domain up in, so every verdict on its mail is a pass.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use smtp_proto::request::receiver::{DataReceiver, RequestReceiver};
use smtp_proto::{Error, Request};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use crate::ses::receiving::{self, LARGEST, TurnedAway, Verdicts};
use crate::stack::Stack;

/// How long a mail program may say nothing (RFC 5321, section 4.5.3.2.7).
const PATIENCE: Duration = Duration::from_secs(300);
/// The most recipients of a mail, as at SES.
const RECIPIENTS_MOST: usize = 100;
/// The most sessions at a time.
const SESSIONS_MOST: usize = 32;
/// The most characters of what became of a mail in an answer, whose lines are short (RFC 5321, section 4.5.3.1.5).
const SAID_MOST: usize = 400;

/// The listener.
pub struct Smtp {
    listener: TcpListener,
    address: SocketAddr,
}

impl Smtp {
    /// Listens on a port of the loopback interface, or on a free one for 0.
    ///
    /// # Errors
    /// The port can't be listened on.
    pub async fn listen(port: u16) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes mail, until it is dropped.
    pub async fn serve(self, stack: Arc<Stack>) {
        let sessions = Arc::new(Semaphore::new(SESSIONS_MOST));
        loop {
            let Ok(permit) = Arc::clone(&sessions).acquire_owned().await else { return };
            match self.listener.accept().await {
                Ok((stream, _)) => {
                    let stack = Arc::clone(&stack);
                    tokio::spawn(async move {
                        // who goes away in the middle of a session takes nobody along
                        if let Err(error) = Session::new(stream, stack).run().await {
                            tracing::debug!(%error, "a mail program went away");
                        }
                        drop(permit);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "a mail program could not be let in");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }
}

/// A conversation with a mail program.
struct Session {
    stream: TcpStream,
    stack: Arc<Stack>,
    /// What came and was not looked at yet.
    ahead: Vec<u8>,
    /// The sender of the mail that is being sent, and who it goes to.
    sender: Option<String>,
    recipients: Vec<String>,
}

/// Whether the conversation goes on.
#[derive(PartialEq, Eq)]
enum Goes {
    On,
    Over,
}

impl Session {
    fn new(stream: TcpStream, stack: Arc<Stack>) -> Self {
        Self { stream, stack, ahead: Vec::new(), sender: None, recipients: Vec::new() }
    }

    async fn run(mut self) -> std::io::Result<()> {
        self.say("220 localhost ESMTP Cairn, local").await?;
        let mut requests = RequestReceiver::default();
        loop {
            let ahead = std::mem::take(&mut self.ahead);
            let mut bytes = ahead.iter();
            let request = requests.ingest(&mut bytes).map(Request::into_owned);
            self.ahead = bytes.as_slice().to_vec();
            match request {
                Ok(request) => {
                    if self.answer(request).await? == Goes::Over {
                        return Ok(());
                    }
                }
                Err(Error::NeedsMoreData { .. }) => {
                    // what came so far is with the receiver
                    self.ahead.clear();
                    if !self.read().await? {
                        return Ok(());
                    }
                }
                Err(error) => self.say(complaint(&error)).await?,
            }
        }
    }

    /// Waits for more; whether any came.
    async fn read(&mut self) -> std::io::Result<bool> {
        let mut buffer = [0; 16 * 1024];
        match tokio::time::timeout(PATIENCE, self.stream.read(&mut buffer)).await {
            Ok(read) => {
                let read = read?;
                self.ahead.extend_from_slice(&buffer[..read]);
                Ok(read > 0)
            }
            Err(_) => {
                self.say("421 4.4.2 nothing came for five minutes").await?;
                Ok(false)
            }
        }
    }

    async fn say(&mut self, answer: &str) -> std::io::Result<()> {
        self.stream.write_all(format!("{answer}\r\n").as_bytes()).await
    }

    fn forget(&mut self) {
        self.sender = None;
        self.recipients.clear();
    }

    async fn answer(&mut self, request: Request<String>) -> std::io::Result<Goes> {
        match request {
            Request::Ehlo { .. } => {
                self.forget();
                let all = format!(
                    "250-localhost\r\n250-PIPELINING\r\n250-SIZE {LARGEST}\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 ENHANCEDSTATUSCODES"
                );
                self.say(&all).await?;
            }
            Request::Helo { .. } => {
                self.forget();
                self.say("250 localhost").await?;
            }
            Request::Mail { from } if from.size > LARGEST => self.say("552 5.3.4 a mail may have at most 40 MB").await?,
            Request::Mail { from } => {
                self.forget();
                self.sender = Some(from.address);
                self.say("250 2.1.0 go on").await?;
            }
            Request::Rcpt { to } => {
                let said = self.recipient(to.address);
                self.say(&said).await?;
            }
            Request::Data if self.recipients.is_empty() => self.say("503 5.5.1 say first who the mail goes to").await?,
            Request::Data => return self.data().await,
            Request::Rset => {
                self.forget();
                self.say("250 2.0.0 forgotten").await?;
            }
            Request::Noop { .. } => self.say("250 2.0.0 nothing done").await?,
            Request::Vrfy { .. } => self.say("252 2.1.5 send the mail, and see").await?,
            Request::Help { .. } => self.say("214 2.0.0 send mail to an address that stands in a mail of the mailbox").await?,
            Request::Quit => {
                self.say("221 2.0.0 bye").await?;
                return Ok(Goes::Over);
            }
            Request::Auth { .. } => self.say("502 5.5.1 no password is asked for here").await?,
            Request::StartTls => self.say("502 5.5.1 nothing leaves this machine, so nothing is encrypted").await?,
            Request::Lhlo { .. }
            | Request::Bdat { .. }
            | Request::Expn { .. }
            | Request::Etrn { .. }
            | Request::Atrn { .. }
            | Request::Burl { .. } => self.say("502 5.5.1 that is not offered").await?,
        }
        Ok(Goes::On)
    }

    /// Takes a recipient or not, and what to say about it.
    fn recipient(&mut self, address: String) -> String {
        let domain = &self.stack.app.config.reply_domain;
        if self.sender.is_none() {
            "503 5.5.1 say first who the mail comes from".into()
        } else if !receiving::is_at(&address, domain) {
            let turned_away = TurnedAway::NotHere(printable(&address, 100), domain.clone());
            format!("550 5.7.1 {turned_away}")
        } else if self.recipients.len() >= RECIPIENTS_MOST {
            format!("452 4.5.3 a mail may go to at most {RECIPIENTS_MOST} addresses")
        } else {
            self.recipients.push(address);
            "250 2.1.5 go on".into()
        }
    }

    /// Reads a mail to its end, and says what became of it.
    async fn data(&mut self) -> std::io::Result<Goes> {
        self.say("354 end it with a dot on a line of its own").await?;
        // the receiver looks for the dot behind the end of a line: the mail begins behind one
        let (mut data, mut mail, mut size) = (DataReceiver::new(), Vec::new(), 0);
        data.ingest(&mut b"\r\n".iter(), &mut mail);
        mail.clear();
        loop {
            let ahead = std::mem::take(&mut self.ahead);
            let mut bytes = ahead.iter();
            let is_whole = data.ingest(&mut bytes, &mut mail);
            self.ahead = bytes.as_slice().to_vec();
            if size + mail.len() > LARGEST {
                // read on to its end, and keep none of it
                size += mail.len();
                mail.clear();
            }
            if is_whole {
                break;
            }
            if !self.read().await? {
                return Ok(Goes::Over);
            }
        }
        let (sender, recipients) = (self.sender.take().unwrap_or_default(), std::mem::take(&mut self.recipients));
        if size > 0 {
            self.say("552 5.3.4 a mail may have at most 40 MB").await?;
            return Ok(Goes::On);
        }
        let said = match self.stack.receive(&sender, &recipients, &mail, Verdicts::PASS).await {
            Ok(became) => format!("250 2.0.0 {}", printable(&became.to_string(), SAID_MOST)),
            Err(error) => {
                tracing::error!(error = %format!("{error:#}"), "a mail could not be taken in");
                "451 4.3.0 the mail could not be taken in; what was in the way is in the log".into()
            }
        };
        self.say(&said).await?;
        Ok(Goes::On)
    }
}

/// What is wrong with a line that is no request.
fn complaint(error: &Error) -> &'static str {
    match error {
        Error::UnknownCommand | Error::InvalidResponse { .. } => "500 5.5.2 that is no command",
        Error::InvalidSenderAddress => "501 5.1.7 that is no address of a sender",
        Error::InvalidRecipientAddress => "501 5.1.3 that is no address of a recipient",
        Error::SyntaxError { .. } | Error::InvalidParameter { .. } => "501 5.5.4 the command is not written like that",
        Error::UnsupportedParameter { .. } => "555 5.5.4 the command has a parameter that is not offered",
        Error::ResponseTooLong => "500 5.5.2 the line is too long",
        Error::NeedsMoreData { .. } => "500 5.5.2 the line has no end",
    }
}

/// The beginning of a text as an answer can hold it: on one line, in ASCII.
fn printable(text: &str, most: usize) -> String {
    text.chars().take(most).map(|c| if matches!(c, ' '..='~') { c } else { '?' }).collect()
}

//! A wire between the daemon and the sandbox that sees each request and answer go by.
//!
//! Whoever watches is told at three moments: the request is here, and the platform knows nothing of
//! it; the platform decided, and the answer is here; the answer has left. What it does at a moment
//! is done before anything goes on, and it says whether anything does.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::rig::runtime;

/// Where a request is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// It has come whole, and the platform knows nothing of it.
    Arrived,
    /// The platform has decided, and nobody knows how.
    Decided,
    /// The answer has been written.
    Answered,
}

type Watch = dyn Fn(Moment, &str) -> bool + Send + Sync;

/// The wire.
pub(crate) struct Tap {
    /// Where the daemon finds it.
    pub(crate) address: SocketAddr,
    answers: Arc<Mutex<Vec<String>>>,
    accepting: JoinHandle<()>,
}

impl Tap {
    /// Puts a tap before the platform; `watch` is told each moment with the request's path.
    pub(crate) fn start(
        platform: SocketAddr,
        watch: impl Fn(Moment, &str) -> bool + Send + Sync + 'static,
    ) -> Self {
        let listener = runtime().block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).unwrap();
        let address = listener.local_addr().unwrap();
        let answers = Arc::new(Mutex::new(Vec::new()));
        let (watch, kept): (Arc<Watch>, _) = (Arc::new(watch), Arc::clone(&answers));
        let accepting = runtime().spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (watch, kept) = (Arc::clone(&watch), Arc::clone(&kept));
                tokio::spawn(async move {
                    // A killed daemon's connection ends as it likes.
                    relay(stream, platform, &*watch, &kept).await.ok();
                });
            }
        });
        Self { address, answers, accepting }
    }

    /// Every token that the platform gave.
    pub(crate) fn tokens(&self) -> Vec<String> {
        let answers = self.answers.lock().unwrap();
        let token = |answer: &String| {
            let (_, rest) = answer.split_once("\"access_token\":\"")?;
            Some(rest.split_once('"')?.0.to_owned())
        };
        let mut tokens: Vec<_> = answers.iter().filter_map(token).collect();
        tokens.sort();
        tokens.dedup();
        tokens
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn relay(
    mut near: TcpStream,
    platform: SocketAddr,
    watch: &Watch,
    kept: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let Some((head, body)) = request(&mut near).await? else { return Ok(()) };
    let target = head.split(' ').nth(1).unwrap_or_default();
    let path = target.split('?').next().unwrap_or_default().to_owned();
    if !watch(Moment::Arrived, &path) {
        return Ok(());
    }
    let mut far = TcpStream::connect(platform).await?;
    // One request a connection keeps this simple; the header tells both sides.
    let head = head.replacen("\r\n", "\r\nconnection: close\r\n", 1);
    far.write_all(head.as_bytes()).await?;
    far.write_all(&body).await?;
    let mut answer = Vec::new();
    far.read_to_end(&mut answer).await?;
    kept.lock().unwrap().push(String::from_utf8_lossy(&answer).into_owned());
    if !watch(Moment::Decided, &path) {
        return Ok(());
    }
    near.write_all(&answer).await?;
    near.shutdown().await?;
    watch(Moment::Answered, &path);
    Ok(())
}

async fn request(stream: &mut TcpStream) -> std::io::Result<Option<(String, Vec<u8>)>> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let body = bytes.split_off(end + 4);
            let head = String::from_utf8_lossy(&bytes).into_owned();
            return Ok(Some((head.clone(), rest(stream, &head, body).await?)));
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    }
}

async fn rest(stream: &mut TcpStream, head: &str, mut body: Vec<u8>) -> std::io::Result<Vec<u8>> {
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    while body.len() < length.unwrap_or(0) {
        if stream.read_buf(&mut body).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(body)
}

//! Bounds what a connection may use up: its number, its time, its bytes.
//!
//! The bounds lie under HTTP, so that they hold whatever a stranger writes: half a header, a body
//! that never ends, an answer that is never read.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::serve::Listener;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Sleep;

use super::Limits;
use crate::wechat::callback::BODY_MAX;

/// The bytes that a connection may send: the longest body, its chunks' lengths, and the headers.
const BYTES_MAX: usize = BODY_MAX + 32 * 1024;

/// Accepts a connection only while there is room for it; others wait in the kernel's queue.
pub(super) struct Doorman {
    tcp: TcpListener,
    limits: Limits,
    room: Arc<Semaphore>,
}

impl Doorman {
    pub(super) fn new(tcp: TcpListener, limits: Limits) -> Self {
        Self { tcp, limits, room: Arc::new(Semaphore::new(limits.connections)) }
    }
}

impl Listener for Doorman {
    type Io = Guarded;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Guarded, SocketAddr) {
        let room = Arc::clone(&self.room);
        let seat = room.acquire_owned().await.expect("the semaphore is never closed");
        // axum's own accept waits and tries again when descriptors run out.
        let (tcp, peer) = Listener::accept(&mut self.tcp).await;
        let end = Box::pin(tokio::time::sleep(self.limits.connection));
        (Guarded { tcp, end, left: BYTES_MAX, _seat: seat }, peer)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }
}

/// A connection that fails when its time or its bytes are used up.
pub(super) struct Guarded {
    tcp: TcpStream,
    end: Pin<Box<Sleep>>,
    left: usize,
    _seat: OwnedSemaphorePermit,
}

impl Guarded {
    fn check(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        match self.end.as_mut().poll(cx) {
            Poll::Ready(()) => Err(io::ErrorKind::TimedOut.into()),
            Poll::Pending if self.left == 0 => Err(io::ErrorKind::InvalidData.into()),
            Poll::Pending => Ok(()),
        }
    }
}

impl AsyncRead for Guarded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check(cx)?;
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.tcp).poll_read(cx, buf);
        let read = buf.filled().len() - before;
        self.left = self.left.saturating_sub(read);
        polled
    }
}

impl AsyncWrite for Guarded {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check(cx)?;
        Pin::new(&mut self.tcp).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    async fn pair(connection: Duration) -> (TcpStream, Guarded) {
        let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(tcp.local_addr().unwrap()).await.unwrap();
        let limits = Limits { connection, ..Limits::default() };
        (client, Doorman::new(tcp, limits).accept().await.0)
    }

    #[tokio::test]
    async fn a_connection_fails_when_its_bytes_are_used_up() {
        let (mut client, mut guarded) = pair(Duration::from_secs(120)).await;
        let writing = tokio::spawn(async move { client.write_all(&[0; 10 * BYTES_MAX]).await });

        let mut read = 0;
        let error = loop {
            match guarded.read(&mut [0; 1024]).await {
                Ok(bytes) => read += bytes,
                Err(error) => break error,
            }
        };

        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        assert!((BYTES_MAX..BYTES_MAX + 1024).contains(&read), "{read}");
        drop(guarded);
        writing.await.unwrap().ok();
    }

    #[tokio::test]
    async fn a_connection_fails_when_its_time_is_used_up() {
        let (_client, mut guarded) = pair(Duration::from_millis(20)).await;

        let mut byte = [0];
        let read = guarded.read(&mut byte);

        let read = tokio::time::timeout(Duration::from_secs(60), read).await.expect("no end");
        assert_eq!(read.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert!(guarded.write(b"x").await.is_err());
    }
}

//! Limits on connections: their number, time and bytes.
//!
//! The limits apply below HTTP, so that they hold for anything a stranger writes: half a header, a
//! body that never ends, a response that is never read. A genuine event must not wait for strangers
//! either: the platform gives up after 5 s. So if all places are taken, a connection that has
//! proven nothing is closed for the next one: the oldest of the address that has the most. A new
//! connection has some time to send its request, and one that has proven itself is kept.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::{Sleep, timeout_at};

use self::unproven::Unproven;
use super::Limits;
use crate::wechat::callback::BODY_MAX;

mod unproven;

/// The bytes that a connection may send: the longest body, its chunks' lengths, and the headers.
pub(super) const BYTES_MAX: usize = BODY_MAX + 32 * 1024;

/// Accepts connections, and makes room for them.
pub(crate) struct ConnectionLimiter {
    tcp: TcpListener,
    limits: Limits,
    room: Arc<Semaphore>,
    unproven: Arc<Unproven>,
}

impl ConnectionLimiter {
    pub(crate) fn new(tcp: TcpListener, limits: Limits) -> Self {
        let room = Arc::new(Semaphore::new(limits.connections));
        Self { tcp, limits, room, unproven: Arc::new(Unproven::new(limits.unproven_bytes)) }
    }

    /// Returns a place once there is one, for which another connection may be closed.
    async fn place(&self) -> OwnedSemaphorePermit {
        loop {
            let free = Arc::clone(&self.room).acquire_owned();
            let taken = if self.room.available_permits() > 0 {
                free.await
            } else if let Some(later) = self.unproven.end_one(self.limits.young) {
                match timeout_at(later, free).await {
                    Ok(taken) => taken,
                    Err(_) => continue,
                }
            } else {
                free.await
            };
            return taken.expect("the semaphore is never closed");
        }
    }
}

impl Listener for ConnectionLimiter {
    type Io = BoundedConnection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (BoundedConnection, SocketAddr) {
        // axum's own accept waits and tries again when descriptors run out.
        let (tcp, peer) = Listener::accept(&mut self.tcp).await;
        let place = self.place().await;
        let (id, ended) = self.unproven.add(peer.ip());
        let connection_handle =
            ConnectionHandle { id, peer: peer.ip(), unproven: Arc::clone(&self.unproven) };
        let end = Box::pin(tokio::time::sleep(self.limits.connection));
        let ended = Some(ended);
        (
            BoundedConnection {
                tcp,
                end,
                ended,
                left: self.limits.bytes,
                connection_handle,
                _place: place,
            },
            peer,
        )
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }
}

/// What a request can do with its connection.
#[derive(Clone)]
pub(crate) struct ConnectionHandle {
    id: u64,
    peer: IpAddr,
    unproven: Arc<Unproven>,
}

impl ConnectionHandle {
    /// Returns the address that the connection came from.
    pub(crate) fn peer(&self) -> IpAddr {
        self.peer
    }

    /// Protects the connection from being closed for others; false if it was closed already.
    pub(crate) fn prove(&self) -> bool {
        self.unproven.remove(self.id)
    }
}

impl Connected<IncomingStream<'_, ConnectionLimiter>> for ConnectionHandle {
    fn connect_info(stream: IncomingStream<'_, ConnectionLimiter>) -> Self {
        stream.io().connection_handle.clone()
    }
}

/// A connection that fails when its time or its bytes are used up, or when it is closed for
/// another.
pub(crate) struct BoundedConnection {
    tcp: TcpStream,
    end: Pin<Box<Sleep>>,
    ended: Option<oneshot::Receiver<()>>,
    left: usize,
    connection_handle: ConnectionHandle,
    _place: OwnedSemaphorePermit,
}

impl Drop for BoundedConnection {
    fn drop(&mut self) {
        self.connection_handle.unproven.remove(self.connection_handle.id);
    }
}

impl BoundedConnection {
    fn check(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        if let Some(ended) = &mut self.ended {
            match Pin::new(ended).poll(cx) {
                Poll::Ready(Ok(())) => return Err(io::ErrorKind::ConnectionAborted.into()),
                // It is proven: nothing will close it for another.
                Poll::Ready(Err(_)) => self.ended = None,
                Poll::Pending => {}
            }
        }
        match self.end.as_mut().poll(cx) {
            Poll::Ready(()) => Err(io::ErrorKind::TimedOut.into()),
            Poll::Pending if self.left == 0 => Err(io::ErrorKind::InvalidData.into()),
            Poll::Pending => Ok(()),
        }
    }
}

impl AsyncRead for BoundedConnection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check(cx)?;
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.tcp).poll_read(cx, buf))?;
        let read = buf.filled().len() - before;
        self.left = self.left.saturating_sub(read);
        self.connection_handle.unproven.grow(self.connection_handle.id, read);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for BoundedConnection {
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

    async fn pair(connection: Duration) -> (TcpStream, BoundedConnection) {
        let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(tcp.local_addr().unwrap()).await.unwrap();
        let limits = Limits { connection, ..Limits::default() };
        (client, ConnectionLimiter::new(tcp, limits).accept().await.0)
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

//! A way to a server on which answers get lost: the request arrives and is done, the connection breaks before the answer.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// A proxy to a server on this machine.
pub(crate) struct Lossy {
    pub(crate) port: u16,
    /// How many more answers to requests that change something are lost.
    to_lose: Arc<AtomicUsize>,
}

impl Lossy {
    /// Before the server at `upstream`. `changes` says of a request's head and body whether it changes something.
    pub(crate) fn before(upstream: u16, changes: fn(&str) -> bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let to_lose = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&to_lose);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let counter = Arc::clone(&counter);
                // A connection that breaks is what this is for.
                thread::spawn(move || pass(client, upstream, changes, &counter).ok());
            }
        });
        Self { port, to_lose }
    }

    /// Loses the answer to the next request that changes something.
    pub(crate) fn lose_next(&self) {
        self.to_lose.store(1, Ordering::SeqCst);
    }

    /// Whether it was lost.
    pub(crate) fn has_lost(&self) -> bool {
        self.to_lose.load(Ordering::SeqCst) == 0
    }
}

fn pass(
    mut client: TcpStream,
    upstream: u16,
    changes: fn(&str) -> bool,
    to_lose: &AtomicUsize,
) -> std::io::Result<()> {
    let request = read_request(&mut client)?;
    let text = String::from_utf8_lossy(&request).into_owned();
    let mut server = TcpStream::connect(("127.0.0.1", upstream))?;
    // One request a connection, so that the end of the answer is the end of the connection.
    let end = text.find("\r\n").unwrap_or(0);
    server.write_all(&request[..end])?;
    server.write_all(b"\r\nConnection: close")?;
    server.write_all(&request[end..])?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer)?;
    let is_lost = changes(&text)
        && to_lose
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                left.checked_sub(1)
            })
            .is_ok();
    if !is_lost {
        client.write_all(&answer)?;
    }
    client.shutdown(Shutdown::Both)
}

/// Head and body of one request.
pub(crate) fn read_request(stream: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut request = Vec::new();
    let mut buffer = [0; 8192];
    loop {
        let head_end = request
            .windows(4)
            .position(|window| window == b"\r\n\r\n")
            .map(|at| at + 4);
        if let Some(head_end) = head_end {
            let head = String::from_utf8_lossy(&request[..head_end]).to_ascii_lowercase();
            let length = head
                .split("content-length:")
                .nth(1)
                .and_then(|rest| rest.lines().next())
                .and_then(|number| number.trim().parse().ok())
                .unwrap_or(0);
            if request.len() >= head_end + length {
                return Ok(request);
            }
        }
        let count = stream.read(&mut buffer)?;
        if count == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        request.extend_from_slice(&buffer[..count]);
    }
}

//! A folder, given out over HTTP on this machine: enough for a registry of packages.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};

/// A server that gives out the files of a folder. Ends with the process.
#[derive(Debug)]
pub struct FileServer {
    address: String,
}

impl FileServer {
    /// Starts one.
    ///
    /// # Panics
    /// When there is no port.
    #[must_use]
    pub fn start(folder: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let folder = folder.to_owned();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let folder = folder.clone();
                // Whoever asks may go away; then there is nobody to answer.
                std::thread::spawn(move || drop(answer(&stream, &folder)));
            }
        });
        Self {
            address: format!("http://127.0.0.1:{port}"),
        }
    }

    /// Where it is, without a slash at the end.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }
}

/// Answers one request and closes.
fn answer(mut stream: &TcpStream, folder: &Path) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    while lines
        .next()
        .transpose()?
        .is_some_and(|line| !line.is_empty())
    {}
    let path = request.split(' ').nth(1).unwrap_or_default();
    let path = path.split('?').next().unwrap_or_default();
    let body = file(folder, path).map(std::fs::read);
    let (status, body) = match body {
        Some(Ok(body)) => ("200 OK", body),
        _ => ("404 Not Found", b"{}".to_vec()),
    };
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    )?;
    stream.write_all(&body)
}

/// The file of a path in an address; a scope's slash comes escaped.
fn file(folder: &Path, path: &str) -> Option<PathBuf> {
    let path = path.replace("%2f", "/").replace("%2F", "/");
    let path = path.trim_start_matches('/');
    (!path.split('/').any(|part| part == "..")).then(|| folder.join(path))
}

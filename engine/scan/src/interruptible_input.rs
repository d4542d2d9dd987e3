//! Standard input that ends when the scan is stopped.
//!
//! Reading from a pipe waits for whoever writes into it, perhaps for ever, and the standard library starts it anew when a
//! signal comes. So a thread of its own reads, and whoever wants the bytes looks up now and then. After a stop that
//! thread is left to wait; it ends with the program.

use std::io::{self, Read};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

/// Bytes that are read at once: what a pipe holds on Linux.
const CHUNK: usize = 64 << 10;

/// Longest time that a stop waits to be noticed.
const LOOK_UP: Duration = Duration::from_millis(50);

/// An input that ends early when `stopped` becomes true.
pub(crate) struct InterruptibleInput<'a> {
    chunks: Receiver<io::Result<Vec<u8>>>,
    chunk: Vec<u8>,
    read: usize,
    stopped: &'a AtomicBool,
}

impl<'a> InterruptibleInput<'a> {
    /// Reads `input` on a thread of its own.
    pub(crate) fn new(input: impl Read + Send + 'static, stopped: &'a AtomicBool) -> Self {
        let (sender, chunks) = sync_channel(16);
        thread::spawn(move || {
            let mut input = input;
            loop {
                let chunk = read_chunk(&mut input);
                let is_last = !matches!(&chunk, Ok(bytes) if !bytes.is_empty());
                if sender.send(chunk).is_err() || is_last {
                    return;
                }
            }
        });
        Self {
            chunks,
            chunk: Vec::new(),
            read: 0,
            stopped,
        }
    }
}

fn read_chunk(input: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; CHUNK];
    loop {
        match input.read(&mut bytes) {
            Ok(length) => {
                bytes.truncate(length);
                return Ok(bytes);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

impl Read for InterruptibleInput<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.read == self.chunk.len() {
            if self.stopped.load(Ordering::Relaxed) {
                return Ok(0);
            }
            match self.chunks.recv_timeout(LOOK_UP) {
                Ok(Ok(chunk)) if chunk.is_empty() => return Ok(0),
                Ok(chunk) => (self.chunk, self.read) = (chunk?, 0),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(0),
            }
        }
        let rest = self.chunk.get(self.read..).unwrap_or_default();
        let length = rest.len().min(buffer.len());
        buffer
            .iter_mut()
            .zip(rest)
            .for_each(|(to, from)| *to = *from);
        self.read += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_read_in_order() {
        let bytes: Vec<u8> = (0..300_000_u32).flat_map(u32::to_le_bytes).collect();
        let stopped = AtomicBool::new(false);
        let mut read = Vec::new();
        InterruptibleInput::new(io::Cursor::new(bytes.clone()), &stopped)
            .read_to_end(&mut read)
            .expect("no error");
        assert_eq!(read, bytes);
    }

    #[test]
    fn a_stop_ends_an_input_that_never_ends() {
        struct Endless(Receiver<()>);
        impl Read for Endless {
            fn read(&mut self, _buffer: &mut [u8]) -> io::Result<usize> {
                self.0.recv().map(|()| 0).map_err(io::Error::other)
            }
        }
        let (_keeps_it_waiting, never) = std::sync::mpsc::channel();
        let stopped = AtomicBool::new(true);
        let mut read = Vec::new();
        assert_eq!(
            InterruptibleInput::new(Endless(never), &stopped)
                .read_to_end(&mut read)
                .expect("no error"),
            0
        );
    }

    #[test]
    fn an_error_is_passed_on_after_what_came_before_it() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _buffer: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("the pipe broke"))
            }
        }
        let stopped = AtomicBool::new(false);
        let mut read = Vec::new();
        let error = InterruptibleInput::new((&b"before"[..]).chain(Broken), &stopped)
            .read_to_end(&mut read)
            .expect_err("broken");
        assert_eq!(
            (read.as_slice(), error.to_string().as_str()),
            (&b"before"[..], "the pipe broke")
        );
    }
}

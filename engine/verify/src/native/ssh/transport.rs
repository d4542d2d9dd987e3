//! The transport of SSH (RFC 4253): curve25519-sha256, AES-GCM, and the host's proof of its key. No rekeying: a login is short.

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{EphemeralPrivateKey, UnparsedPublicKey, X25519, agree_ephemeral};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::{self, SystemRandom};
use aws_lc_rs::signature;
use zeroize::Zeroizing;

use super::packets::{
    DEBUG, DISCONNECT, EXT_INFO, GLOBAL_REQUEST, IGNORE, KEX_ECDH_INIT, KEX_ECDH_REPLY, KEXINIT,
    Message, NEWKEYS,
};
use crate::keys::{ssh_mpint, ssh_string};
use crate::native::Login;
use crate::native::bytes::Reader;
use crate::network::NetworkError;

const VERSION: &str = concat!("SSH-2.0-leakward_", env!("CARGO_PKG_VERSION"));

const EXCHANGES: &[u8] = b"curve25519-sha256,curve25519-sha256@libssh.org";
const HOST_KEYS: &[u8] = b"ssh-ed25519,ecdsa-sha2-nistp256,rsa-sha2-512,rsa-sha2-256";
const CIPHERS: &[u8] = b"aes256-gcm@openssh.com,aes128-gcm@openssh.com";
const MACS: &[u8] = b"hmac-sha2-256,hmac-sha2-512";

/// LIMIT: RFC 4253, 6.1 asks for 35,000 bytes.
const LONGEST: usize = 64 << 10;

/// A connection to an SSH server, of which the host's key is known to be the host's.
pub(super) struct Transport<'l, 'n> {
    login: &'l mut Login<'n>,
    host_key: Vec<u8>,
    session_id: Vec<u8>,
    sending: Direction,
    receiving: Direction,
}

/// AES-GCM as OpenSSH uses it: the length is authenticated, the nonce's last eight bytes count packets (RFC 5647).
struct Direction {
    key: LessSafeKey,
    fixed: [u8; 4],
    counter: u64,
}

impl Direction {
    fn nonce(&mut self) -> Nonce {
        let mut bytes = [0; 12];
        let (fixed, counter) = bytes.split_at_mut(4);
        fixed.copy_from_slice(&self.fixed);
        counter.copy_from_slice(&self.counter.to_be_bytes());
        self.counter = self.counter.wrapping_add(1);
        Nonce::assume_unique_for_key(bytes)
    }
}

/// What the exchange's hash is made of.
struct Hashed<'h> {
    server_version: &'h str,
    ours: &'h [u8],
    theirs: &'h [u8],
    host_key: &'h [u8],
    our_point: &'h [u8],
    their_point: &'h [u8],
    shared: &'h [u8],
}

impl Hashed<'_> {
    fn hash(&self) -> Vec<u8> {
        let text = Zeroizing::new(
            [
                ssh_string(VERSION.as_bytes()),
                ssh_string(self.server_version.as_bytes()),
                ssh_string(self.ours),
                ssh_string(self.theirs),
                ssh_string(self.host_key),
                ssh_string(self.our_point),
                ssh_string(self.their_point),
                self.shared.to_vec(),
            ]
            .concat(),
        );
        digest(&SHA256, &text).as_ref().to_vec()
    }
}

impl<'l, 'n> Transport<'l, 'n> {
    /// Exchanges keys. The host has then proven that it has the key that [`Transport::host_key`] gives.
    pub(super) fn begin(login: &'l mut Login<'n>) -> Result<Self, NetworkError> {
        let unknown = |login: &Login<'_>| NetworkError::Protocol(login.host.clone());
        let server_version = versions(login)?;
        let ours = proposal().ok_or_else(|| unknown(login))?;
        login.send(&plain_packet(&ours))?;
        let theirs = receive_plain(login)?;
        let agreed = agree(&theirs).ok_or_else(|| NetworkError::Broken {
            host: login.host.clone(),
            what: "the server offers no way to talk that is known here".to_owned(),
        })?;
        let random = SystemRandom::new();
        let own = EphemeralPrivateKey::generate(&X25519, &random).map_err(|_| unknown(login))?;
        let our_point = own.compute_public_key().map_err(|_| unknown(login))?;
        let init = Message::new(KEX_ECDH_INIT).string(our_point.as_ref());
        login.send(&plain_packet(&init.done()))?;
        let reply = receive_plain(login)?;
        let mut reader = Reader(&reply);
        let is_reply = reader.byte() == Some(KEX_ECDH_REPLY);
        let (host_key, their_point, proof) =
            match (reader.string(), reader.string(), reader.string()) {
                (Some(key), Some(point), Some(proof)) if is_reply => (key, point, proof),
                _ => return Err(unknown(login)),
            };
        let their_key = UnparsedPublicKey::new(&X25519, their_point);
        let shared = agree_ephemeral(own, their_key, (), |shared| {
            Ok(Zeroizing::new(ssh_mpint(shared)))
        })
        .map_err(|()| unknown(login))?;
        let hash = Hashed {
            server_version: &server_version,
            ours: &ours,
            theirs: &theirs,
            host_key,
            our_point: our_point.as_ref(),
            their_point,
            shared: &shared,
        }
        .hash();
        if !is_signed(host_key, proof, &hash) {
            return Err(NetworkError::Broken {
                host: login.host.clone(),
                what: "the server does not prove that its host key is its own".to_owned(),
            });
        }
        login.send(&plain_packet(&[NEWKEYS]))?;
        if receive_plain(login)?.first() != Some(&NEWKEYS) {
            return Err(unknown(login));
        }
        let direction =
            |cipher: Cipher, iv: u8, key: u8| direction(cipher, &shared, &hash, iv, key);
        let (sending, receiving) = direction(agreed.to_server, b'A', b'C')
            .zip(direction(agreed.to_client, b'B', b'D'))
            .ok_or_else(|| unknown(login))?;
        Ok(Self {
            login,
            host_key: host_key.to_vec(),
            session_id: hash,
            sending,
            receiving,
        })
    }

    pub(super) fn host_key(&self) -> &[u8] {
        &self.host_key
    }

    pub(super) fn session_id(&self) -> &[u8] {
        &self.session_id
    }

    pub(super) fn protocol(&self) -> NetworkError {
        self.login.protocol()
    }

    pub(super) fn send(&mut self, message: &[u8]) -> Result<(), NetworkError> {
        let mut inner = Zeroizing::new(padded(message, 16, 0));
        let length = u32::try_from(inner.len()).unwrap_or(u32::MAX).to_be_bytes();
        let nonce = self.sending.nonce();
        let tag = self
            .sending
            .key
            .seal_in_place_separate_tag(nonce, Aad::from(length), &mut inner)
            .map_err(|_| self.login.protocol())?;
        self.login
            .send(&[&length[..], inner.as_slice(), tag.as_ref()].concat())
    }

    /// The next message that says something.
    pub(super) fn receive(&mut self) -> Result<Vec<u8>, NetworkError> {
        // LIMIT: messages without meaning in a row.
        const MOST: usize = 64;
        for _ in 0..MOST {
            let message = self.receive_any()?;
            match message.first() {
                Some(&(IGNORE | DEBUG | EXT_INFO | GLOBAL_REQUEST)) => {}
                Some(&DISCONNECT) => return Err(self.disconnected(&message)),
                _ => return Ok(message),
            }
        }
        Err(self.login.protocol())
    }

    fn receive_any(&mut self) -> Result<Vec<u8>, NetworkError> {
        const TAG: usize = 16;
        let head = self.login.receive(4)?;
        let length = Reader(&head)
            .big_u32()
            .and_then(|length| usize::try_from(length).ok())
            .filter(|length| *length <= LONGEST)
            .ok_or_else(|| self.login.protocol())?;
        let mut sealed = self.login.receive(length + TAG)?;
        let nonce = self.receiving.nonce();
        let opened = self
            .receiving
            .key
            .open_in_place(nonce, Aad::from(head), &mut sealed)
            .map_err(|_| self.login.protocol())?;
        payload(opened).ok_or_else(|| self.login.protocol())
    }

    /// The next message, which has to be this one.
    pub(super) fn expect(&mut self, kind: u8) -> Result<(), NetworkError> {
        if self.receive()?.first() == Some(&kind) {
            Ok(())
        } else {
            Err(self.login.protocol())
        }
    }

    /// Takes leave. What was asked is answered already.
    pub(super) fn end(&mut self) {
        const BY_APPLICATION: u32 = 11;
        let message = Message::new(DISCONNECT)
            .number(BY_APPLICATION)
            .string(b"")
            .string(b"");
        self.send(&message.done()).ok();
    }

    fn disconnected(&self, message: &[u8]) -> NetworkError {
        let mut reader = Reader(message);
        reader.byte();
        reader.big_u32();
        let why = String::from_utf8_lossy(reader.string().unwrap_or_default());
        let why: String = why.chars().filter(|c| !c.is_control()).take(80).collect();
        NetworkError::Broken {
            host: self.login.host.clone(),
            what: format!("the server hangs up: {why}"),
        }
    }
}

/// Says our version and reads theirs; other lines may stand before it.
fn versions(login: &mut Login<'_>) -> Result<String, NetworkError> {
    // LIMIT: lines before the version.
    const MOST: usize = 32;
    login.send(format!("{VERSION}\r\n").as_bytes())?;
    for _ in 0..MOST {
        let line = login.line()?;
        if line.starts_with("SSH-2.0-") || line.starts_with("SSH-1.99-") {
            return Ok(line);
        }
    }
    Err(login.protocol())
}

/// KEXINIT: a cookie, ten lists, no guess, nothing reserved.
fn proposal() -> Option<Vec<u8>> {
    let mut cookie = [0; 16];
    rand::fill(&mut cookie).ok()?;
    let message = Message::new(KEXINIT)
        .bytes(&cookie)
        .string(EXCHANGES)
        .string(HOST_KEYS)
        .string(CIPHERS)
        .string(CIPHERS)
        .string(MACS)
        .string(MACS)
        .string(b"none")
        .string(b"none")
        .string(b"")
        .string(b"")
        .flag(false)
        .number(0);
    Some(message.done())
}

#[derive(Clone, Copy)]
struct Cipher {
    key_length: usize,
}

struct Agreed {
    to_server: Cipher,
    to_client: Cipher,
}

/// The first of ours that the server knows too, list by list.
fn agree(theirs: &[u8]) -> Option<Agreed> {
    let mut reader = Reader(theirs);
    (reader.byte()? == KEXINIT).then_some(())?;
    reader.take(16)?;
    let mut common = |ours: &'static [u8]| -> Option<&'static [u8]> {
        let list = reader.string()?;
        let is_there = |name: &[u8]| list.split(|byte| *byte == b',').any(|other| other == name);
        ours.split(|byte| *byte == b',').find(|name| is_there(name))
    };
    common(EXCHANGES)?;
    common(HOST_KEYS)?;
    let cipher = |name: &[u8]| Cipher {
        key_length: if name.starts_with(b"aes256") { 32 } else { 16 },
    };
    Some(Agreed {
        to_server: cipher(common(CIPHERS)?),
        to_client: cipher(common(CIPHERS)?),
    })
}

fn direction(cipher: Cipher, shared: &[u8], hash: &[u8], iv: u8, key: u8) -> Option<Direction> {
    // The first exchange's hash is also the session's id.
    let derive = |letter: u8| {
        let text = Zeroizing::new([shared, hash, &[letter], hash].concat());
        digest(&SHA256, &text)
    };
    let algorithm = if cipher.key_length == 32 {
        &AES_256_GCM
    } else {
        &AES_128_GCM
    };
    let key = derive(key);
    let key = UnboundKey::new(algorithm, key.as_ref().get(..cipher.key_length)?).ok()?;
    let iv = derive(iv);
    let (fixed, rest) = iv.as_ref().split_first_chunk::<4>()?;
    let (counter, _) = rest.split_first_chunk::<8>()?;
    Some(Direction {
        key: LessSafeKey::new(key),
        fixed: *fixed,
        counter: u64::from_be_bytes(*counter),
    })
}

/// Whether the host's key signed the hash (RFC 4253, 6.6; RFC 8332; RFC 5656; RFC 8709).
pub(crate) fn is_signed(host_key: &[u8], proof: &[u8], hash: &[u8]) -> bool {
    check(host_key, proof, hash).is_some()
}

fn check(host_key: &[u8], proof: &[u8], hash: &[u8]) -> Option<()> {
    let (mut key, mut proof) = (Reader(host_key), Reader(proof));
    let (kind, algorithm) = (key.string()?, proof.string()?);
    let signature = proof.string()?;
    match (kind, algorithm) {
        (b"ssh-ed25519", b"ssh-ed25519") => {
            signature::UnparsedPublicKey::new(&signature::ED25519, key.string()?)
                .verify(hash, signature)
                .ok()
        }
        (b"ecdsa-sha2-nistp256", b"ecdsa-sha2-nistp256") => {
            key.string()?;
            let mut numbers = Reader(signature);
            let fixed = [
                fixed_width(numbers.string()?)?,
                fixed_width(numbers.string()?)?,
            ]
            .concat();
            signature::UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, key.string()?)
                .verify(hash, &fixed)
                .ok()
        }
        (b"ssh-rsa", b"rsa-sha2-512" | b"rsa-sha2-256") => {
            let parameters = if algorithm == b"rsa-sha2-512" {
                &signature::RSA_PKCS1_2048_8192_SHA512
            } else {
                &signature::RSA_PKCS1_2048_8192_SHA256
            };
            let (e, n) = (key.string()?, key.string()?);
            let trimmed = |number: &[u8]| -> Vec<u8> {
                let start = number.iter().position(|byte| *byte != 0).unwrap_or(0);
                number.get(start..).unwrap_or_default().to_vec()
            };
            signature::RsaPublicKeyComponents {
                n: trimmed(n),
                e: trimmed(e),
            }
            .verify(parameters, hash, signature)
            .ok()
        }
        _ => None,
    }
}

/// A number of a P-256 signature in its 32 bytes.
fn fixed_width(number: &[u8]) -> Option<Vec<u8>> {
    const WIDTH: usize = 32;
    let start = number.iter().position(|byte| *byte != 0).unwrap_or(0);
    let number = number.get(start..)?;
    let mut fixed = vec![0; WIDTH.checked_sub(number.len())?];
    fixed.extend_from_slice(number);
    Some(fixed)
}

/// Padding's length, payload, padding; together, and with `before` bytes, a multiple of the block.
fn padded(message: &[u8], block: usize, before: usize) -> Vec<u8> {
    const LEAST: usize = 4;
    let short = (before + 1 + message.len() + LEAST) % block;
    let padding = LEAST + (block - short) % block;
    let mut packet = vec![u8::try_from(padding).unwrap_or_default()];
    packet.extend_from_slice(message);
    packet.resize(packet.len() + padding, 0);
    packet
}

fn plain_packet(message: &[u8]) -> Vec<u8> {
    ssh_string(&padded(message, 8, 4))
}

fn receive_plain(login: &mut Login<'_>) -> Result<Vec<u8>, NetworkError> {
    // LIMIT: messages without meaning before the one that is waited for.
    const MOST: usize = 16;
    for _ in 0..MOST {
        let head = login.receive(4)?;
        let length = Reader(&head)
            .big_u32()
            .and_then(|length| usize::try_from(length).ok())
            .filter(|length| *length <= LONGEST)
            .ok_or_else(|| login.protocol())?;
        let body = login.receive(length)?;
        let message = payload(&body).ok_or_else(|| login.protocol())?;
        match message.first() {
            Some(&(IGNORE | DEBUG)) => {}
            Some(&DISCONNECT) => break,
            _ => return Ok(message),
        }
    }
    Err(login.protocol())
}

/// The message in a packet of which the length was taken off.
fn payload(packet: &[u8]) -> Option<Vec<u8>> {
    let (padding, rest) = packet.split_first()?;
    let length = rest.len().checked_sub(usize::from(*padding))?;
    Some(rest.get(..length)?.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_are_whole_blocks_and_give_their_message_back() {
        for length in 0..64 {
            let message = vec![7; length];
            let plain = plain_packet(&message);
            assert_eq!(plain.len() % 8, 0);
            assert_eq!(
                payload(plain.get(4..).unwrap_or_default()),
                Some(message.clone())
            );
            assert_eq!(padded(&message, 16, 0).len() % 16, 0);
        }
        assert_eq!(payload(&[9, 1]), None);
        assert_eq!(payload(&[]), None);
    }
}

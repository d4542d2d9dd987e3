//! Which addresses may be connected to.
//!
//! Whoever writes a scanned text can write a host name into it, and whoever owns a name can let it lead anywhere: to the
//! cloud's metadata service, to a database on this very machine. So the address that is really connected to is judged, not
//! the name.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Which addresses may be connected to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AddressPolicy {
    /// Those of the public internet.
    #[default]
    PublicOnly,
    /// Private networks and this machine as well: the user said `--allow-private`.
    PrivateAllowed,
}

impl AddressPolicy {
    /// Whether `address` may be connected to.
    #[must_use]
    pub fn allows(self, address: IpAddr) -> bool {
        // A cloud's metadata service hands out credentials to whoever asks; nobody verifies anything there.
        !is_metadata(address) && (self == Self::PrivateAllowed || is_public(address))
    }
}

fn is_metadata(address: IpAddr) -> bool {
    match embedded(address) {
        IpAddr::V4(address) => {
            address == Ipv4Addr::new(169, 254, 169, 254)
                || address == Ipv4Addr::new(169, 254, 170, 2)
                || address == Ipv4Addr::new(100, 100, 100, 200)
        }
        IpAddr::V6(address) => {
            address == Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)
                || address == Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)
        }
    }
}

fn is_public(address: IpAddr) -> bool {
    match embedded(address) {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// The IPv4 address that an IPv6 address stands for, where it does: mapped, compatible, NAT64, 6to4.
fn embedded(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else {
        return address;
    };
    let [a, b, c, d, e, f, high, low] = v6.segments();
    let from = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        IpAddr::V4(Ipv4Addr::new(a, b, c, d))
    };
    match (a, b, c, d, e, f) {
        (0, 0, 0, 0, 0, 0xffff) => from(high, low),
        (0, 0, 0, 0, 0, 0) if high != 0 => from(high, low),
        (0x64, 0xff9b, _, _, _, _) => from(high, low),
        (0x2002, _, _, _, _, _) => from(b, c),
        _ => address,
    }
}

/// The blocks that IANA's special-purpose registry calls not globally reachable, and multicast.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (b == 18 || b == 19)))
}

/// Global unicast is 2000::/3, without documentation (2001:db8::/32) and Teredo and its neighbours (2001::/23).
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    (0x2000..0x4000).contains(&a)
        && !(a == 0x2001 && (b < 0x200 || b == 0xdb8))
        && !(a == 0x3fff && b < 0x1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn nothing_but_the_public_internet_is_reached_unless_the_user_says_so() {
        for private in [
            "127.0.0.1",
            "127.9.9.9",
            "0.0.0.0",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.1.1",
            "100.64.0.1",
            "100.127.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "198.18.0.1",
            "198.19.0.1",
            "203.0.113.9",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::1",
            "2002:a00:1::",
            "3fff::1",
        ] {
            assert!(
                !AddressPolicy::PublicOnly.allows(address(private)),
                "{private}"
            );
            assert!(
                AddressPolicy::PrivateAllowed.allows(address(private)),
                "{private}"
            );
        }
        for public in [
            "1.1.1.1",
            "140.82.121.6",
            "172.32.0.1",
            "100.128.0.1",
            "2606:4700::1",
            "::ffff:8.8.8.8",
        ] {
            assert!(
                AddressPolicy::PublicOnly.allows(address(public)),
                "{public}"
            );
        }
    }

    #[test]
    fn the_metadata_service_is_never_reached() {
        for metadata in [
            "169.254.169.254",
            "::ffff:169.254.169.254",
            "fd00:ec2::254",
            "169.254.170.2",
        ] {
            assert!(
                !AddressPolicy::PrivateAllowed.allows(address(metadata)),
                "{metadata}"
            );
        }
    }
}

//! How often an address has shown a wrong key, in memory that does not grow with the guesses.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use tokio::time::Instant;

/// How many wrong keys may come at once.
const BURST: u32 = 50;

/// After how long another one may follow.
pub(super) const PAUSE: Duration = Duration::from_secs(1);

/// The most addresses that are remembered.
const MOST_PEERS: usize = 1024;

/// Wrong keys by address: each one fills a bucket, which leaks one every [`PAUSE`].
#[derive(Debug, Default)]
pub(super) struct Guesses {
    /// When the bucket of an address will be empty.
    empty_at: HashMap<IpAddr, Instant>,
}

impl Guesses {
    /// Notes a wrong key; false when there were too many.
    pub(super) fn allows(&mut self, peer: IpAddr, now: Instant) -> bool {
        let peer = network(peer);
        if !self.empty_at.contains_key(&peer) && self.empty_at.len() >= MOST_PEERS {
            self.empty_at.retain(|_, at| *at > now);
            if self.empty_at.len() >= MOST_PEERS {
                // So many guess at once that it makes no difference which of them is forgotten.
                self.empty_at.clear();
            }
        }
        let at = self.empty_at.entry(peer).or_insert(now);
        let filled = (*at).max(now) + PAUSE;
        if filled.duration_since(now) > PAUSE * BURST {
            return false;
        }
        *at = filled;
        true
    }
}

/// The address, or the network of it that one subscriber has to himself.
fn network(peer: IpAddr) -> IpAddr {
    match peer {
        IpAddr::V4(_) => peer,
        IpAddr::V6(it) => {
            let [a, b, c, d, ..] = it.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p060_a_bucket_fills_and_leaks_and_memory_stays() {
        let (mut guesses, now) = (Guesses::default(), Instant::now());
        let peer = IpAddr::from([10, 0, 0, 1]);
        let allowed = (0..1000).filter(|_| guesses.allows(peer, now)).count();
        assert_eq!(allowed, BURST as usize);
        assert!(guesses.allows([10, 0, 0, 2].into(), now));
        assert!(guesses.allows(peer, now + PAUSE));
        assert!(!guesses.allows(peer, now + PAUSE));
        for number in 0..100_000_u32 {
            guesses.allows(number.to_be_bytes().into(), now);
        }
        assert!(guesses.empty_at.len() <= MOST_PEERS);
        // Neighbours in one network of IPv6 are one.
        let mut of_network = (0..1000_u16).map(|it| Ipv6Addr::new(1, 2, 3, 4, it, 0, 0, 1));
        assert!(!of_network.all(|it| guesses.allows(it.into(), now)));
    }
}

//! Who plays, and what is a hop? Two ends of a socket between which one byte goes to and fro.

use std::cell::Cell;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;

/// A loop of whatever kind that watches descriptors.
pub(super) trait Loop {
    fn new() -> Self;

    /// Watches a source that never becomes ready.
    fn idle(&mut self, source: OwnedFd);

    /// Watches both ends, serves, and runs until the game is over; then it watches them no more.
    fn play(&mut self, court: &'static Court);
}

/// Both ends, and how often the byte came over.
pub(crate) struct Court {
    ends: [UnixStream; 2],
    hops: Cell<u64>,
    length: u64,
}

impl Court {
    pub(super) fn leaked(length: u64) -> &'static Self {
        let (one, other) = UnixStream::pair().expect("a pair");
        let ends = [one, other];
        ends.iter().for_each(|end| end.set_nonblocking(true).expect("it can be set"));
        Box::leak(Box::new(Self { ends, hops: Cell::new(0), length }))
    }

    pub(crate) const fn ends(&self) -> &[UnixStream; 2] {
        &self.ends
    }

    pub(crate) const fn length(&self) -> u64 {
        self.length
    }

    /// Says that a game was played elsewhere.
    pub(crate) fn played(&self, hops: u64) {
        self.hops.set(hops);
    }

    /// The first byte. The first end finds it.
    pub(super) fn serve(&self) {
        self.write(1);
    }

    fn write(&self, at: usize) {
        assert_eq!(rustix::io::write(&self.ends[at], &[1]), Ok(1));
    }

    /// One end is ready: it reads the byte, and answers, unless the game is over, which this says.
    pub(super) fn hop(&self, at: usize) -> bool {
        let mut byte = [0];
        assert_eq!(rustix::io::read(&self.ends[at], &mut byte), Ok(1));
        self.hops.set(self.hops.get() + 1);
        let is_over = self.is_over();
        if !is_over {
            self.write(at);
        }
        is_over
    }

    pub(super) fn is_over(&self) -> bool {
        self.hops.get() >= self.length
    }
}

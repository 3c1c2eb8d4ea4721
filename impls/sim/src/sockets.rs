//! What are simulated sockets? Pairs of buffers, of which each end reads its own and writes the other's.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::sync::Arc;

use anyloop::{AsSource, Interest, RawSource};

use crate::Simulation;

/// So many bytes are on their way at most.
const ROOM: usize = 64 * 1024;

/// The ends that are open.
#[derive(Default)]
pub(crate) struct Sockets {
    last: isize,
    open: BTreeMap<isize, End>,
}

struct End {
    peer: isize,
    /// What it can read.
    incoming: VecDeque<u8>,
}

impl Sockets {
    /// Makes two that are connected. Their numbers are never given again.
    fn connect(&mut self) -> [isize; 2] {
        let (one, two) = (self.last + 1, self.last + 2);
        self.last = two;
        self.open.insert(one, End { peer: two, incoming: VecDeque::new() });
        self.open.insert(two, End { peer: one, incoming: VecDeque::new() });
        [one, two]
    }

    fn read(&mut self, number: isize, buffer: &mut [u8]) -> io::Result<usize> {
        let end = self.open.get_mut(&number).ok_or(ErrorKind::NotConnected)?;
        match end.incoming.read(buffer)? {
            0 if !buffer.is_empty() && self.has_peer(number) => Err(ErrorKind::WouldBlock.into()),
            bytes => Ok(bytes),
        }
    }

    fn write(&mut self, number: isize, bytes: &[u8]) -> io::Result<usize> {
        let peer = self.open.get(&number).map(|end| end.peer).ok_or(ErrorKind::NotConnected)?;
        let peer = self.open.get_mut(&peer).ok_or(ErrorKind::BrokenPipe)?;
        let room = ROOM - peer.incoming.len();
        if room == 0 && !bytes.is_empty() {
            return Err(ErrorKind::WouldBlock.into());
        }
        let some = &bytes[..bytes.len().min(room)];
        peer.incoming.extend(some);
        Ok(some.len())
    }

    fn has_peer(&self, number: isize) -> bool {
        self.open.get(&number).is_some_and(|end| self.open.contains_key(&end.peer))
    }

    /// For what it is ready; `None` if there is no such socket.
    pub(crate) fn look(&self, RawSource(number): RawSource) -> Option<Interest> {
        let end = self.open.get(&number)?;
        let peer = self.open.get(&end.peer);
        Some(Interest {
            readable: !end.incoming.is_empty() || peer.is_none(),
            writable: peer.is_none_or(|peer| peer.incoming.len() < ROOM),
        })
    }
}

/// One end of a simulated connection, which never blocks. Clones are the same end, which is closed when the last of
/// them is dropped. It is a source for the loops of its [`Simulation`], and for no others.
///
/// ```
/// use std::io::{Read, Write};
///
/// use anyloop_sim::SimEventLoop;
///
/// let lp = SimEventLoop::new();
/// let (near, mut far) = lp.simulation().socketpair();
/// let source = lp.add_source(near)?;
/// let echo = lp.spawn_local(async move {
///     source.readable().await?;
///     let mut word = [0; 5];
///     source.get_ref().clone().read_exact(&mut word)?;
///     Ok::<_, Box<dyn std::error::Error>>(word)
/// })?;
/// far.write_all(b"hello")?;
/// assert_eq!(&lp.run_until_complete(echo)???, b"hello");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct SimSocket(Arc<Held>);

struct Held {
    simulation: Simulation,
    number: isize,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.simulation.with_sockets(|sockets| sockets.open.remove(&self.number));
    }
}

impl SimSocket {
    /// Both ends of a connection.
    pub(crate) fn pair(simulation: &Simulation) -> (Self, Self) {
        let [one, two] = simulation.with_sockets(Sockets::connect);
        let end = |number| Self(Arc::new(Held { simulation: simulation.clone(), number }));
        (end(one), end(two))
    }
}

// SAFETY: numbers are never given again, and mean something to simulations only.
unsafe impl AsSource for SimSocket {
    fn as_source(&self) -> RawSource {
        RawSource(self.0.number)
    }
}

impl Read for SimSocket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.simulation.with_sockets(|sockets| sockets.read(self.0.number, buffer))
    }
}

impl Write for SimSocket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.simulation.with_sockets(|sockets| sockets.write(self.0.number, bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl fmt::Debug for SimSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SimSocket").field(&self.0.number).finish()
    }
}

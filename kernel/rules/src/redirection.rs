//! Who really receives a message? (L4 X.2, SpaceControl, redirector.)
//!
//! A space can have a redirector. What its threads send to threads of other spaces then goes to the redirector, unless the
//! destination lives in the redirector's own space. Messages inside the space, and those of the redirector itself, go where
//! they are sent. One message is redirected once: if the redirector lives in a space with a redirector, that one sees what the
//! first sends on.

/// Threads, as far as these rules look at them.
pub trait Spaces {
    /// Name of a space.
    type Space: Copy + PartialEq;
    /// Name of a thread.
    type Thread: Copy + PartialEq;

    /// The space of a thread; the thread of an interrupt has none.
    fn space(&self, thread: Self::Thread) -> Option<Self::Space>;
    /// The redirector of the space of a thread.
    fn redirector(&self, thread: Self::Thread) -> Redirector<Self::Thread>;
}

/// The redirector of a space.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Redirector<T> {
    /// There is none: messages go where they are sent.
    None,
    /// This thread.
    Thread(T),
    /// A thread that exists no more: what should go to it goes nowhere.
    Gone,
}

/// Who gets a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Receiver<T> {
    /// The destination.
    Destination,
    /// This thread, instead of the destination.
    Redirector(T),
    /// Nobody: the redirector is gone.
    Nobody,
}

/// Redirectors of redirectors that are followed; those beyond count as none, so that a circle comes to an end.
pub const LONGEST_CHAIN: usize = 16;

/// Who gets a message that `sender` sends to `destination`.
#[inline]
pub fn receiver<S: Spaces>(
    spaces: &S,
    sender: S::Thread,
    destination: S::Thread,
) -> Receiver<S::Thread> {
    let (own, other) = (spaces.space(sender), spaces.space(destination));
    if own.is_none() || own == other {
        return Receiver::Destination;
    }
    match spaces.redirector(sender) {
        Redirector::None => Receiver::Destination,
        Redirector::Gone => Receiver::Nobody,
        Redirector::Thread(thread) if thread == sender || spaces.space(thread) == other => {
            Receiver::Destination
        }
        Redirector::Thread(thread) => Receiver::Redirector(thread),
    }
}

/// Whether `redirector` is the redirector of the space of `thread`, or that of the space of its redirector, and so on.
pub fn redirects_for<S: Spaces>(spaces: &S, redirector: S::Thread, thread: S::Thread) -> bool {
    let mut next = thread;
    for _ in 0..LONGEST_CHAIN {
        match spaces.redirector(next) {
            Redirector::Thread(found) if found == redirector => return true,
            Redirector::Thread(found) => next = found,
            Redirector::None | Redirector::Gone => return false,
        }
    }
    false
}

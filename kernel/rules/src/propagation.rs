//! Who may speak for whom? (L4 X.2, propagation.)
//!
//! A propagated message has two senders: the real one, which sends it, and the virtual one, for which it is sent. Whoever waits
//! for either takes it.

use crate::redirection::{Spaces, redirects_for};
use crate::rendezvous::accepts;

/// A possible sender: its raw global id, and whether it shares a space with the receiver.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Speaker {
    /// Raw global id.
    pub id: u64,
    /// Lives in the receiver's space.
    pub same_space: bool,
}

/// Whether `sender` may send to `receiver` as if it were `virtual_sender`: it shares a space with one of the two, or redirects
/// what `virtual_sender` sends.
pub fn may_speak_for<S: Spaces>(
    spaces: &S,
    sender: S::Thread,
    virtual_sender: S::Thread,
    receiver: S::Thread,
) -> bool {
    let own = spaces.space(sender);
    let shares =
        own.is_some() && (own == spaces.space(virtual_sender) || own == spaces.space(receiver));
    shares || redirects_for(spaces, sender, virtual_sender)
}

/// Does a thread that waits as `wait_word` says take a propagated message?
#[inline]
pub const fn accepts_either(wait_word: u64, real: Speaker, virtual_sender: Speaker) -> bool {
    accepts(wait_word, real.id, real.same_space)
        || accepts(wait_word, virtual_sender.id, virtual_sender.same_space)
}

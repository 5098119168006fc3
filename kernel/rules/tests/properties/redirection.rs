//! Redirection and propagation against a model that writes down who redirects for whom.

use std::collections::BTreeSet;

use pecan_abi::id::ThreadId;
use pecan_rules::propagation::{Speaker, accepts_either, may_speak_for};
use pecan_rules::redirection::{
    LONGEST_CHAIN, Receiver, Redirector, Spaces, receiver, redirects_for,
};
use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};
use proptest::sample::select;

const THREADS: usize = 8;
const SPACES: usize = 4;
const _: () = assert!(
    THREADS <= LONGEST_CHAIN,
    "no chain of the model is too long"
);

/// Which space each thread is in, and which redirector each space has.
#[derive(Clone, Debug)]
struct World {
    spaces: Vec<Option<usize>>,
    redirectors: Vec<Redirector<usize>>,
}

impl Spaces for World {
    type Space = usize;
    type Thread = usize;

    fn space(&self, thread: usize) -> Option<usize> {
        self.spaces[thread]
    }

    fn redirector(&self, thread: usize) -> Redirector<usize> {
        self.spaces[thread].map_or(Redirector::None, |space| self.redirectors[space])
    }
}

impl World {
    /// All pairs (redirector, whose messages it sees at once or later), by adding until nothing is new.
    fn all_redirectors(&self) -> BTreeSet<(usize, usize)> {
        let direct = |thread| match self.redirector(thread) {
            Redirector::Thread(redirector) => Some((redirector, thread)),
            _ => None,
        };
        let mut pairs: BTreeSet<_> = (0..THREADS).filter_map(direct).collect();
        loop {
            let further: Vec<_> = pairs
                .iter()
                .flat_map(|&(of, thread)| direct(of).map(|(further, _)| (further, thread)))
                .collect();
            let before = pairs.len();
            pairs.extend(further);
            if pairs.len() == before {
                return pairs;
            }
        }
    }

    fn share(&self, one: usize, other: usize) -> bool {
        self.spaces[one].is_some() && self.spaces[one] == self.spaces[other]
    }
}

fn world() -> impl Strategy<Value = World> {
    let redirector = prop_oneof![
        2 => Just(Redirector::None),
        4 => (0..THREADS).prop_map(Redirector::Thread),
        1 => Just(Redirector::Gone),
    ];
    let space = prop_oneof![6 => (0..SPACES).prop_map(Some), 1 => Just(None)];
    (
        proptest::collection::vec(space, THREADS),
        proptest::collection::vec(redirector, SPACES),
    )
        .prop_map(|(spaces, redirectors)| World {
            spaces,
            redirectors,
        })
}

proptest! {
    #![proptest_config(crate::config(600))]

    #[test]
    fn who_receives(world in world(), sender in 0..THREADS, destination in 0..THREADS) {
        let Some(own) = world.spaces[sender] else {
            assert_eq!(receiver(&world, sender, destination), Receiver::Destination);
            return Ok(());
        };
        let leaves = world.spaces[destination] != Some(own);
        let expected = match world.redirectors[own] {
            _ if !leaves => Receiver::Destination,
            Redirector::None => Receiver::Destination,
            Redirector::Gone => Receiver::Nobody,
            Redirector::Thread(thread) => {
                let its_own = thread == sender;
                let to_it = world.spaces[thread] == world.spaces[destination];
                if its_own || to_it { Receiver::Destination } else { Receiver::Redirector(thread) }
            }
        };
        assert_eq!(receiver(&world, sender, destination), expected);
    }

    #[test]
    fn nothing_leaves_a_space_but_to_its_redirector(world in world(), sender in 0..THREADS, destination in 0..THREADS) {
        if let (Receiver::Redirector(thread), Some(own)) = (receiver(&world, sender, destination), world.spaces[sender]) {
            assert_eq!(world.redirectors[own], Redirector::Thread(thread));
            assert!(thread != destination && thread != sender);
        }
    }

    #[test]
    fn who_may_speak_for_whom(world in world(), sender in 0..THREADS, other in 0..THREADS, to in 0..THREADS) {
        let pairs = world.all_redirectors();
        assert_eq!(redirects_for(&world, sender, other), pairs.contains(&(sender, other)));
        let expected = world.share(sender, other) || world.share(sender, to) || pairs.contains(&(sender, other));
        assert_eq!(may_speak_for(&world, sender, other, to), expected);
    }

    #[test]
    fn either_sender_is_good_enough(
        wait in select(vec![0, ThreadId::ANY.raw(), ThreadId::ANY_LOCAL.raw(), 0x41, 0x1_0000_0001, 0x2_0000_0001]),
        ids in (select(vec![0x1_0000_0001, 0x3_0000_0001]), select(vec![0x2_0000_0001, 0x3_0000_0001])),
        local in any::<[bool; 2]>(),
    ) {
        let one = |id, same_space| {
            wait == ThreadId::ANY.raw() || wait == id || wait == ThreadId::ANY_LOCAL.raw() && same_space
        };
        let real = Speaker { id: ids.0, same_space: local[0] };
        let virtual_sender = Speaker { id: ids.1, same_space: local[1] };
        let expected = one(ids.0, local[0]) || one(ids.1, local[1]);
        assert_eq!(accepts_either(wait, real, virtual_sender), expected);
    }
}

/// A circle of redirectors comes to an end, and so does a chain that is too long.
#[test]
fn long_chains_end() {
    let count = LONGEST_CHAIN + 3;
    let line = World {
        spaces: (0..count).map(Some).collect(),
        redirectors: (1..=count)
            .map(|next| {
                if next < count {
                    Redirector::Thread(next)
                } else {
                    Redirector::Thread(0)
                }
            })
            .collect(),
    };
    assert!(redirects_for(&line, LONGEST_CHAIN, 0));
    assert!(!redirects_for(&line, LONGEST_CHAIN + 1, 0));
    let circle = World {
        spaces: vec![Some(0), Some(1), Some(2)],
        redirectors: vec![
            Redirector::Thread(1),
            Redirector::Thread(0),
            Redirector::None,
        ],
    };
    assert!(redirects_for(&circle, 0, 0));
    assert!(!redirects_for(&circle, 2, 0));
}

//! All of the memory: given once, and then there is none.

use super::ask::{any, ask, given, gives, gives_nothing, memory};
use crate::harness::failure::at_most;
use crate::harness::{Failure, Outcome, check, hex, worker};
use crate::pf::touch;
use l4::abi::kip::MemoryType;
use l4::kip;

/// More pieces than the scattered memory of a test machine has.
const MOST: usize = 512;

/// From the largest piece that there can be down to the last page.
pub(super) fn all_of_it() -> Outcome {
    let mut pieces = [(0, 0); MOST];
    let mut count = 0;
    let mut bytes = 0;
    for log2 in (12..=46).rev() {
        while let Some(base) = given(log2)? {
            let Some(piece) = pieces.get_mut(count) else {
                return Err(Failure::new(format_args!("memory in more pieces")));
            };
            *piece = (base, base + (1 << log2) - 1);
            count += 1;
            bytes += 1 << log2;
            touch::write(base, base ^ 0x99);
        }
    }
    for (index, (base, last)) in pieces[..count].iter().enumerate() {
        hex("content", touch::read(*base), base ^ 0x99)?;
        for (other, other_last) in &pieces[..index] {
            check("pieces are apart", last < other || other_last < base)?;
        }
    }
    check("there was some", count > 0)?;
    at_most("bytes given", bytes, ram())?;
    for log2 in 12..47 {
        let other = memory(&[any(log2), 0]).start(worker::here())?;
        gives_nothing(&other.result()?)?;
    }
    // What was given and what is everybody's is there as before.
    let (base, _) = pieces[count - 1];
    gives(&ask(base, 12), base, 12)?;
    gives(&ask(0xB_8000, 12), 0xB_8000, 12)
}

fn ram() -> u64 {
    kip::memory()
        .filter(|memory| memory.kind == MemoryType::CONVENTIONAL && !memory.is_virtual)
        .map(|memory| memory.high - memory.low + 1)
        .sum()
}

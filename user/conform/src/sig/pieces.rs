//! Which piece a request means: its size and address, and how it is to be cached.

use l4::{Caching, control, kip, thread};

use super::ask::{PAGE, any, ask, at, free_block, given, gives, gives_nothing, memory};
use crate::harness::failure::equal;
use crate::harness::{Failure, Outcome, check, hex, worker};
use crate::pf::touch;

/// Aligned to their sizes, RAM, of nobody else, and there at once.
pub(super) fn any_of_each_size() -> Outcome {
    let mut pieces = [(0, 0); 22];
    for (index, log2) in (12..=22).chain(12..=22).enumerate() {
        let Some(base) = given(log2)? else {
            return Err(Failure::new(format_args!("no memory of 2^{log2} bytes")));
        };
        let last = base + (1 << log2) - 1;
        for (other, other_last) in &pieces[..index] {
            check("pieces are apart", last < *other || *other_last < base)?;
        }
        pieces[index] = (base, last);
        for word in [base, last - 7] {
            touch::write(word, word ^ 0x51);
            hex("content", touch::read(word), word ^ 0x51)?;
        }
    }
    Ok(())
}

/// The address counts to a multiple of the size, rights do not count at all.
pub(super) fn by_address() -> Outcome {
    let block = free_block()?;
    gives(&ask(block, 12), block, 12)?;
    gives(&ask(block + 0x1C00, 12), block + 0x1000, 12)?;
    gives(&ask(block + 0x5400, 13), block + 0x4000, 13)?;
    gives(&ask(block + 0x1_0000, 16), block + 0x1_0000, 16)?;
    for (page, rights) in (6..).zip(0..8) {
        let page = block + page * PAGE;
        let done = memory(&[at(page, 12) | rights, 0]).now();
        gives(&done, page, 12)?;
        touch::write(page, rights);
        hex("content", touch::read(page), rights)?;
    }
    Ok(())
}

/// Smaller than a page, larger than any memory, and the fpages of nothing and of everything.
pub(super) fn sizes_that_there_are_not() -> Outcome {
    let block = free_block()?;
    for log2 in (0..12).chain(40..64) {
        gives_nothing(&memory(&[any(log2), 0]).now())?;
        // With 2 it would be an fpage of ports.
        if log2 != 2 {
            gives_nothing(&ask(block, log2))?;
        }
    }
    gives(&ask(block, 12), block, 12)
}

/// Bit 3 says that MR3 has bits of the address; there is no memory so far up.
pub(super) fn upper_address_bits() -> Outcome {
    const EXTENDED: u64 = 8;
    let block = free_block()?;
    let page = |index| at(block + index * PAGE, 12);
    for upper in [1, 1 << 31, u64::MAX] {
        gives_nothing(&memory(&[page(0) | EXTENDED, 0, upper]).now())?;
    }
    let done = memory(&[page(0) | EXTENDED, 0, 0]).now();
    gives(&done, block, 12)?;
    let without_bit = memory(&[page(1), 0, 1]).now();
    gives(&without_bit, block + PAGE, 12)?;
    let without_word = memory(&[page(2) | EXTENDED, 0]).registers(3, &[1]).now();
    gives(&without_word, block + 2 * PAGE, 12)?;
    gives_nothing(&memory(&[any(12) | EXTENDED, 0, 1]).now())
}

/// Each caching that there is, at once and later; 0 leaves it as it is.
pub(super) fn attributes() -> Outcome {
    let block = free_block()?;
    let mine = |address| control::caching(thread::myself(), address);
    for (index, caching) in Caching::ALL.into_iter().enumerate() {
        let page = block + index as u64 * PAGE;
        let done = memory(&[at(page, 12), caching.attribute()]).now();
        gives(&done, page, 12)?;
        equal("caching", mine(page), Some(caching))?;
        equal(
            "sigma0's",
            control::caching(kip::sigma0(), page),
            Some(caching),
        )?;
        gives(&ask(page, 12), page, 12)?;
        equal("later", mine(page), Some(caching))?;
    }
    let page = block + 0x1_0000;
    gives(&ask(page, 16), page, 16)?;
    touch::write(page, 0x77);
    let attribute = Caching::WriteProtected.attribute();
    gives(&memory(&[at(page, 16), attribute]).now(), page, 16)?;
    equal(
        "another one",
        mine(page + 15 * PAGE),
        Some(Caching::WriteProtected),
    )?;
    hex("content", touch::read(page), 0x77)
}

/// The piece stays free, and as it was.
pub(super) fn refused_attributes() -> Outcome {
    let block = free_block()?;
    for attribute in [3, 4, 8, 1 << 32 | 1, u64::MAX] {
        gives_nothing(&memory(&[at(block, 12), attribute]).now())?;
        gives_nothing(&memory(&[any(12), attribute]).now())?;
    }
    let other = memory(&[at(block, 12), 0]).start(worker::away())?;
    gives(&other.result()?, block, 12)?;
    let caching = |thread| control::caching(thread, block);
    equal("caching", caching(other.id), Some(Caching::WriteBack))?;
    // It is the other's now, who does not ask for it.
    gives_nothing(&memory(&[at(block, 12), 1]).now())?;
    equal("caching", caching(other.id), Some(Caching::WriteBack))?;
    let again = memory(&[at(block, 13), 1]).start(worker::away())?;
    gives_nothing(&again.result()?)?;
    gives(&ask(block + PAGE, 12), block + PAGE, 12)?;
    let mine = control::caching(thread::myself(), block + PAGE);
    equal("caching", mine, Some(Caching::WriteBack))
}

//! Memory that strings are copied from and to: two arenas, and what should be in them.

use core::cell::UnsafeCell;

use super::{Failure, Outcome};

/// Bytes of an arena: the longest string of a test, and something around it.
pub(crate) const SIZE: u64 = (4 << 20) + (64 << 10);

const WORDS: usize = SIZE as usize / 8;

#[repr(C, align(262144))]
struct Arena(UnsafeCell<[u64; WORDS]>);

// SAFETY: reached only through addresses, byte by byte and volatile.
unsafe impl Sync for Arena {}

static SOURCE: Arena = Arena(UnsafeCell::new([0; WORDS]));
static TARGET: Arena = Arena(UnsafeCell::new([0; WORDS]));

/// What stands where nothing was copied to.
pub(crate) const BLANK: u8 = 0xEE;

/// Address of the arena that tests copy from; a multiple of 256 KiB.
pub(crate) fn source() -> u64 {
    SOURCE.0.get() as u64
}

/// Address of the arena that tests copy to; a multiple of 256 KiB.
pub(crate) fn target() -> u64 {
    TARGET.0.get() as u64
}

fn assert_inside(address: u64, length: u64) {
    let inside =
        |arena: u64| (arena..=arena + SIZE).contains(&address) && length <= arena + SIZE - address;
    assert!(
        inside(source()) || inside(target()),
        "{address:#x} is in no arena"
    );
}

/// The byte at `address`.
pub(crate) fn byte(address: u64) -> u8 {
    assert_inside(address, 1);
    peek(address)
}

/// Callers have asserted that the address is inside.
fn peek(address: u64) -> u8 {
    // SAFETY: memory of an arena; threads take turns.
    unsafe { (address as *const u8).read_volatile() }
}

/// Callers have asserted that the address is inside.
fn poke(address: u64, byte: u8) {
    // SAFETY: memory of an arena; threads take turns.
    unsafe { (address as *mut u8).write_volatile(byte) }
}

/// Byte `index` of the text `seed`. Texts, and the pages of a text, differ nearly everywhere.
pub(crate) const fn letter(seed: u64, index: u64) -> u8 {
    let mixed = (index + seed.wrapping_mul(0x1_0001)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed >> 40) as u8
}

/// Writes the text `seed`.
pub(crate) fn write(address: u64, length: u64, seed: u64) {
    assert_inside(address, length);
    for index in 0..length {
        poke(address + index, letter(seed, index));
    }
}

/// Blanks memory.
pub(crate) fn blank(address: u64, length: u64) {
    assert_inside(address, length);
    for index in 0..length {
        poke(address + index, BLANK);
    }
}

/// Fails unless the text `seed` stands there, from its byte `first` on.
#[track_caller]
pub(crate) fn holds(address: u64, length: u64, seed: u64, first: u64) -> Outcome {
    assert_inside(address, length);
    for index in 0..length {
        let (is, should) = (peek(address + index), letter(seed, first + index));
        if is != should {
            return Err(Failure::new(format_args!(
                "byte {index} of {length} is {is:#x}, not {should:#x}"
            )));
        }
    }
    Ok(())
}

/// Fails unless the memory is blank.
#[track_caller]
pub(crate) fn is_blank(address: u64, length: u64) -> Outcome {
    assert_inside(address, length);
    for index in 0..length {
        let is = peek(address + index);
        if is != BLANK {
            return Err(Failure::new(format_args!(
                "blank byte {index} of {length} is {is:#x}"
            )));
        }
    }
    Ok(())
}

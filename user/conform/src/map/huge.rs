//! Pages of 1 GiB, where the processor has them; where not, the same memory comes in pages of 2 MiB.

use core::arch::x86_64::__cpuid;

use l4::abi::kip::PageInfo;
use l4::{Fpage, MapItem, Rights, control, kip, memory, sigma0};

use super::agent::{Agent, GRANT, MAP, PLACE, agents, give, item, small};
use crate::harness::failure::{at_least, at_most};
use crate::harness::{Failure, Outcome, equal};
use crate::pf::touch;

const GIB: u64 = 1 << 30;
const LARGE: u64 = 1 << 21;
/// Where agents get 1 GiB.
const SPOT: u64 = 1 << 40;
/// Somewhere in the middle of 1 GiB.
const PART: u64 = 0x1234_5000;

fn announced() -> bool {
    PageInfo::from_raw(kip::kip().page_info).sizes & GIB != 0
}

pub(super) fn sizes_are_those_of_the_processor() -> Outcome {
    let leaves = __cpuid(0x8000_0000).eax;
    let has = leaves >= 0x8000_0001 && __cpuid(0x8000_0001).edx & 1 << 26 != 0;
    equal("pages of 1 GiB in the KIP", announced(), has)
}

/// 1 GiB of the test's own, at its physical address: RAM if there is so much, else where nothing is, the `nth` GiB after
/// the eighth. What can be read there stays the same.
#[track_caller]
fn giant(nth: u64) -> Result<Fpage, Failure> {
    let wanted = Fpage::new((8 + nth) * GIB, 30, Rights::NONE);
    let ram = Fpage::new(GIB, 30, Rights::NONE);
    let got = if nth == 0 {
        sigma0::request(ram).or_else(|_| sigma0::request(wanted))
    } else {
        sigma0::request(wanted)
    };
    got.map_err(|_| Failure::new(format_args!("no 1 GiB from sigma0")))
}

/// The test's space needs the addresses no more.
fn release(page: Fpage) {
    // SAFETY: the page was for the test alone.
    unsafe { memory::flush(page.with_rights(Rights::FULL)) };
}

fn free() -> u64 {
    control::free_frames().unwrap_or(0)
}

/// The agent has what the test has at this place of the page.
#[track_caller]
fn has(agent: Agent, at: u64, page: Fpage, offset: u64) -> Outcome {
    agent.has(at, touch::read(page.base() + offset))
}

fn part(base: u64, offset: u64, log2: u32) -> Fpage {
    Fpage::new(base + offset, log2, Rights::READ)
}

/// Kernel memory that 1 GiB costs where nothing was: tables and nodes, of one page or of 512.
#[track_caller]
fn costs(frames: u64) -> Outcome {
    if announced() {
        at_most("frames for a page of 1 GiB", frames, 4)
    } else {
        at_least("frames for 512 pages of 2 MiB", frames, 8)
    }
}

pub(super) fn whole_and_parts() -> Outcome {
    let [first, second] = agents()?;
    let page = giant(0)?;
    for offset in [0, PART, GIB - 8] {
        touch::write(page.base() + offset, 0x6000 + offset % 61);
    }
    // What it needs for running it has afterwards.
    give(
        first,
        item(MAP, PLACE, small(touch::page(0, 1), Rights::READ)),
    )?;
    first.has(PLACE, 1)?;
    let before = free();
    give(first, item(MAP, SPOT, page.with_rights(Rights::READ_WRITE)))?;
    costs(before - free())?;
    for offset in [0, PART, 0x2000_0000, GIB - 8] {
        has(first, SPOT + offset, page, offset)?;
    }
    // Parts of the page go on alone.
    first.give(second, item(MAP, PLACE, part(SPOT, PART, 12)))?;
    first.give(
        second,
        item(MAP, PLACE + LARGE, part(SPOT, GIB - LARGE, 21)),
    )?;
    has(second, PLACE, page, PART)?;
    has(second, PLACE + 2 * LARGE - 8, page, GIB - 8)?;
    // Unmap of a part is about what derives from the part.
    first.unmap(part(SPOT, PART + 0x1000, 12).with_rights(Rights::FULL))?;
    has(second, PLACE, page, PART)?;
    has(second, PLACE + 2 * LARGE - 8, page, GIB - 8)?;
    first.unmap(part(SPOT, GIB - 0x1000, 12).with_rights(Rights::FULL))?;
    has(second, PLACE, page, PART)?;
    second.has_lost(PLACE + LARGE)?;
    has(first, SPOT + GIB - 8, page, GIB - 8)?;
    // Flush of a part is about all of a page.
    first.flush(part(SPOT, PART & !(LARGE - 1), 12).with_rights(Rights::FULL))?;
    second.has_lost(PLACE)?;
    first.has_lost(SPOT + PART)?;
    release(page);
    Ok(())
}

/// Small pages are in the place already: each part is as large as it can be there.
pub(super) fn divided_place() -> Outcome {
    let [first, second] = agents()?;
    let page = giant(1)?;
    let before = touch::page(0, 0x71);
    give(first, item(MAP, SPOT + PART, small(before, Rights::READ)))?;
    first.has(SPOT + PART, 0x71)?;
    first.give(second, item(MAP, PLACE, part(SPOT, PART, 12)))?;
    second.has(PLACE, 0x71)?;
    give(first, item(MAP, SPOT, page.with_rights(Rights::READ)))?;
    for offset in [0, PART, PART + 0x1000, 0x2000_0000, GIB - 8] {
        has(first, SPOT + offset, page, offset)?;
    }
    // What derived from the page that was there went with it.
    second.has_lost(PLACE)?;
    // And the other way round: a smaller page does not get into a larger one.
    give(
        first,
        item(MAP, SPOT + GIB / 2, small(before, Rights::READ)),
    )?;
    has(first, SPOT + GIB / 2, page, GIB / 2)?;
    release(page);
    first.has_lost(SPOT)
}

/// Accesses are those of the page: what was done through a part is told of the part.
pub(super) fn accesses_of_parts() -> Outcome {
    const NOTHING: u64 = 0;
    const READ: u64 = 5;
    let [first, second] = agents()?;
    let page = giant(2)?;
    give(first, item(MAP, SPOT, page.with_rights(Rights::READ_WRITE)))?;
    first.give(second, item(MAP, PLACE, part(SPOT, PART, 12)))?;
    first.give(
        second,
        item(MAP, PLACE + 0x1000, part(SPOT, PART + 0x1000, 12)),
    )?;
    has(second, PLACE, page, PART)?;
    let told = |offset: u64| first.unmap(part(SPOT, offset, 12).with_rights(Rights::NONE));
    equal("of a part that nobody used", told(PART + 0x1000)?, NOTHING)?;
    equal("of a part that was read", told(PART)?, READ)?;
    equal("again", told(PART)?, NOTHING)?;
    // The test learns it, too, and of all at once.
    let of_all = || u64::from(memory::unmap(page.with_rights(Rights::NONE)).bits());
    equal("told to the test", of_all(), READ)?;
    equal("again", of_all(), NOTHING)?;
    let own = first.flush(part(SPOT, PART, 12).with_rights(Rights::NONE))?;
    equal("of the page itself", own, NOTHING)?;
    has(first, SPOT + PART, page, PART)?;
    let own = first.flush(part(SPOT, PART & !(LARGE - 1), 12).with_rights(Rights::NONE))?;
    equal("of the page itself", own, READ)?;
    release(page);
    Ok(())
}

pub(super) fn granted() -> Outcome {
    let [first, second, third] = agents()?;
    let page = giant(3)?;
    give(first, item(MAP, SPOT, page.with_rights(Rights::READ_WRITE)))?;
    first.give(third, item(MAP, PLACE, part(SPOT, PART, 12)))?;
    let before = free();
    first.give(second, item(GRANT, SPOT, part(SPOT, 0, 30)))?;
    // The receiver's tables, but no nodes: what moved is the page.
    if announced() {
        at_most(
            "frames for a granted page",
            before.saturating_sub(free()),
            1,
        )?;
    }
    has(second, SPOT + PART, page, PART)?;
    has(third, PLACE, page, PART)?;
    first.has_lost(SPOT + PART)?;
    second.unmap(part(SPOT, PART, 12).with_rights(Rights::FULL))?;
    third.has_lost(PLACE)?;
    // A part of it is granted: the rest is nobody's then.
    second.give(third, item(GRANT, PLACE + LARGE, part(SPOT, GIB / 2, 21)))?;
    has(
        third,
        PLACE + LARGE + PART % LARGE,
        page,
        GIB / 2 + PART % LARGE,
    )?;
    second.has_lost(SPOT + GIB / 2)?;
    if announced() {
        second.has_lost(SPOT)?;
    }
    memory::unmap(page.with_rights(Rights::FULL));
    third.has_lost(PLACE + LARGE)?;
    release(page);
    Ok(())
}

/// 2 MiB of 1 GiB that the send base chooses for a smaller window, and rights that are taken from parts.
pub(super) fn rights_of_parts() -> Outcome {
    let [first, second] = agents()?;
    let page = giant(4)?;
    give(first, item(MAP, SPOT, page.with_rights(Rights::READ_WRITE)))?;
    let writable = |offset: u64| part(SPOT, offset, 12).with_rights(Rights::READ_WRITE);
    first.give(second, item(MAP, PLACE, writable(0x1000)))?;
    first.give(second, item(MAP, PLACE + 0x1000, writable(0x2000)))?;
    second.writes(PLACE, 1)?;
    second.writes(PLACE + 0x1000, 1)?;
    first.unmap(part(SPOT, 0x1000, 12).with_rights(Rights::WRITE))?;
    second.writes(PLACE + 0x1000, 2)?;
    second.faults_writing(PLACE, touch::page(0, 1), 3)?;
    first.writes(SPOT + 0x1000, 4)?;
    // The whole page loses the right, whatever part of it is named.
    memory::unmap(Fpage::new(
        page.base() + (PART & !(LARGE - 1)),
        12,
        Rights::WRITE,
    ));
    let again = MapItem {
        send_base: SPOT,
        fpage: page.with_rights(Rights::READ_WRITE),
    };
    first.faults_until(SPOT + PART, again, 5)?;
    if announced() {
        first.writes(SPOT, 6)?;
    }
    release(page);
    Ok(())
}

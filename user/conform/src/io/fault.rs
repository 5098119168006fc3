//! What the pager's answer does, and what a fault never does.

use core::arch::asm;

use l4::{
    Fpage, IoFpage, MapItem, Message, Rights, ThreadId, Time, kip, port, println, sigma0, utcb,
};

use super::agent::{NOTHING, SCRATCH, one, open, read, write};
use crate::harness::pager::{ADDRESS, COUNT, EMPTY, SKIP, order_item};
use crate::harness::regular::spin;
use crate::harness::{Job, Outcome, board, equal, hex, pager, pause, raw, until, worker};
use crate::pf::touch;
use l4::abi::schedule::ThreadState;

/// The answer to the next faults: these ports.
fn order(ports: IoFpage) {
    board::put(SKIP, 0);
    order_item(MapItem {
        send_base: 0,
        fpage: ports.fpage(),
    });
}

fn read_port(port: u64) -> u64 {
    read(port as u16)
}

pub(super) fn answered() -> Outcome {
    let pager = open()?;
    order(one(SCRATCH));
    for value in [0x5A, 0xA5] {
        write(SCRATCH, value);
        let before = board::get(COUNT);
        let plan = worker::away().pager(pager);
        let got = worker::perform(plan, read_port, SCRATCH.into())?;
        hex("the scratch register", got, value.into())?;
        equal("faults", board::get(COUNT), before + 1)?;
    }
    Ok(())
}

/// Where a hypervisor tells about the machine: 16 bits say what is to be read, byte by byte.
const SELECTOR: u16 = 0x510;
/// Where the address of a PCI register is written, and can be read again.
const PCI_ADDRESS: u16 = 0xCF8;

/// Uses 32, 16 and 8 bits, and a string instruction; gives four bytes that it read, and 1 if the 32 bits came back.
fn use_widths(_: u64) -> u64 {
    const ADDRESS: u32 = 0x8000_F8A4;
    // SAFETY: it only says what could be read next.
    unsafe { port::write32(PCI_ADDRESS, ADDRESS) };
    // SAFETY: reading has no effect.
    let address = unsafe { port::read32(PCI_ADDRESS) };
    // SAFETY: as for the address.
    unsafe { port::write32(PCI_ADDRESS, 0) };
    // SAFETY: as above.
    unsafe { port::write16(SELECTOR, 0) };
    let mut text = [0u8; 4];
    // SAFETY: writes four bytes to the array.
    unsafe {
        asm!("rep insb", in("dx") SELECTOR + 1, inout("rdi") text.as_mut_ptr() => _, inout("ecx") 4 => _);
    }
    u64::from(u32::from_le_bytes(text)) << 1 | u64::from(address == ADDRESS)
}

pub(super) fn every_width() -> Outcome {
    let pager = open()?;
    order(IoFpage::COMPLETE);
    let plan = worker::away().pager(pager);
    let got = worker::perform(plan, use_widths, 0)?;
    let expected = u64::from(u32::from_le_bytes(*b"QEMU")) << 1 | 1;
    hex("what it read", got, expected)?;
    // The first of the four uses of ports is one of four ports.
    let ports = IoFpage::new(PCI_ADDRESS, 2);
    hex("ports of the fault", board::get(ADDRESS), ports.raw())?;
    equal("faults: all ports came at once", board::get(COUNT), 1)
}

fn fault_with_full_utcb(port: u64) -> u64 {
    let utcb = utcb::my();
    for index in 0..64 {
        utcb.set_mr(index, 0xA000 + index as u64);
    }
    utcb.set_error_code(raw::UNTOUCHED);
    // SAFETY: accepts nothing where Rust has something.
    unsafe { utcb.set_br(0, 0x5000_00C0) };
    read(port as u16);
    let same = (0..64).filter(|index| utcb.mr(*index) == 0xA000 + *index as u64);
    let others = utcb.error_code() == raw::UNTOUCHED && utcb.br(0) == 0x5000_00C0;
    same.count() as u64 + u64::from(others)
}

pub(super) fn registers_survive() -> Outcome {
    let pager = open()?;
    order(one(SCRATCH));
    let plan = worker::away().pager(pager);
    let same = worker::perform(plan, fault_with_full_utcb, SCRATCH.into())?;
    equal("words that are the same", same, 65)?;
    equal("faults", board::get(COUNT), 1)
}

fn read_and_note(port: u64) {
    read(port as u16);
    board::put(20, 1);
}

/// Without a pager, with a dead one, and with one that says nothing, the thread stays where it is; all others run.
pub(super) fn nobody_answers() -> Outcome {
    let pager = open()?;
    board::put(SKIP, 0);
    let port = NOTHING.into();
    let silent = worker::start(worker::away().pager(pager), read_and_note, port)?;
    until("the fault", || board::get(COUNT) == 1)?;
    worker::until_waiting(&[silent])?;
    for nobody in [ThreadId::NIL, crate::harness::ids::fresh()] {
        board::put(21, nobody.raw());
        let alone = |port| {
            utcb::my().set_pager(ThreadId::from_raw(board::get(21)));
            read_and_note(port);
        };
        let id = worker::start(worker::away().pager(pager), alone, port)?;
        worker::until_state(id, ThreadState::Inactive)?;
    }
    worker::start(worker::here(), spin, 0)?;
    until("others run", || board::get(0) > 0)?;
    equal("it did not go on", board::get(20), 0)
}

/// The instruction faults again after answers that give nothing, or something else.
pub(super) fn empty_answers() -> Outcome {
    let pager = open()?;
    order(one(SCRATCH));
    board::put(EMPTY, 3);
    worker::start(worker::away().pager(pager), read_and_note, SCRATCH.into())?;
    until("it goes on", || board::get(20) == 1)?;
    equal("faults", board::get(COUNT), 4)?;
    // The window is that of ports: memory is not mapped, but the answer counts.
    board::put(20, 0);
    board::put(COUNT, 0);
    board::put(EMPTY, 0);
    pager::order(PLACE, touch::page(0, 1), Rights::READ);
    let id = worker::start(worker::away().pager(pager), read_and_note, NOTHING.into())?;
    let beside = worker::here().in_space_of(id).pager(pager);
    worker::start(beside, touch_when_told, 0)?;
    until("many faults", || board::get(COUNT) > 3)?;
    equal("it did not go on", board::get(20), 0)?;
    equal("deletion", raw::delete(id), raw::DONE)?;
    board::put(GO, 1);
    until("it has looked", || board::get(GO) == 2)?;
    hex("the last fault", board::get(ADDRESS), PLACE)
}

/// Where a page would be if it were mapped, and the board word that tells to look.
const PLACE: u64 = 0x5000_0000;
const GO: usize = 22;

fn touch_when_told(_: u64) {
    // It gives up by itself if the test does.
    if until("the word", || board::get(GO) == 1).is_ok() {
        touch::read(PLACE);
        board::put(GO, 2);
    }
}

/// Old programs run with an I/O privilege level that lets them use all ports; on a kernel that gives them that, nobody
/// faults. The level is printed for who started the kernel.
pub(super) fn io_privilege_level() -> Outcome {
    let pager = open()?;
    let plan = || worker::away().pager(pager);
    let level = worker::perform(plan(), |_| flags() >> 12 & 3, 0)?;
    println!("[io] privilege level {level}");
    worker::perform(plan(), read_port, NOTHING.into())?;
    match level {
        0 => equal("faults", board::get(COUNT), 1),
        _ => equal("faults with a level", (level, board::get(COUNT)), (3, 0)),
    }
}

fn flags() -> u64 {
    let flags;
    // SAFETY: leaves the stack as it was.
    unsafe { asm!("pushfq", "pop {}", out(reg) flags) };
    flags
}

/// A range that nobody has, and a port in it.
const FREE: IoFpage = IoFpage::new(0x6000, 4);
const WITHIN: u16 = 0x6003;

fn ask_sigma0(ports: u64) -> u64 {
    let page = Fpage::from_raw(ports);
    let answer = IoFpage::from_fpage(page).map(sigma0::request_ports);
    match answer {
        Some(Ok(())) => 1,
        Some(Err(sigma0::RequestError::Refused)) => 2,
        _ => 3,
    }
}

/// Faults twice: the test's pager lets it go on, and so it has all the memory that it needs when sigma0 is its pager.
fn fault_to_sigma0(port: u64) {
    read(port as u16);
    board::add(20, 1);
    utcb::my().set_pager(kip::sigma0());
    read(port as u16);
    board::add(20, 1);
}

/// sigma0 gives ports to the first who asks or faults, and to nobody else.
pub(super) fn sigma0() -> Outcome {
    let pager = open()?;
    let plan = || worker::away().pager(l4::pager::running());
    let ask = |ports: IoFpage| worker::perform(plan(), ask_sigma0, ports.raw());
    equal("ports of the test's", ask(one(SCRATCH))?, 2)?;
    equal("some of them", ask(IoFpage::new(0x2F0, 4))?, 2)?;
    equal("all ports", ask(IoFpage::COMPLETE)?, 2)?;
    equal("free ports", ask(FREE)?, 1)?;
    equal("the same again", ask(FREE)?, 2)?;
    // By a fault.
    worker::start(worker::away().pager(pager), fault_to_sigma0, 0x6100)?;
    until("sigma0 answers", || board::get(20) == 2)?;
    board::put(20, 0);
    let refused = worker::away().pager(pager);
    let refused = worker::start(refused, fault_to_sigma0, WITHIN.into())?;
    until("its first fault", || board::get(20) == 1)?;
    worker::until_waiting(&[refused])?;
    pause(5_000);
    equal("it did not go on", board::get(20), 1)?;
    let alive = Job::call(kip::sigma0())
        .tag(Message::new(0).tag().raw())
        .within(Time::ZERO, crate::harness::A_WHILE)
        .now();
    alive.bare_error(3)
}

//! The message that the pager gets.

use l4::abi::exregs;
use l4::abi::protocol::{PAGE_FAULT, PageFault};
use l4::{Rights, Tag, ThreadId, ipc, kip, thread, utcb};

use super::touch;
use crate::harness::pager::{self, ADDRESS, COUNT, FROM, IP, TAG, WINDOW};
use crate::harness::regular::local;
use crate::harness::{Failure, Outcome, SOON, board, check, equal, hex, raw, until, worker};

const GO: usize = 20;
const RESULT: usize = 21;

fn reader(address: u64) {
    board::put(RESULT, touch::read(address));
    board::put(GO, 1);
}

fn writer(address: u64) {
    touch::write(address, 0x77);
    board::put(GO, 1);
}

fn jumper(address: u64) {
    touch::execute(address);
    board::put(GO, 1);
}

/// A thread in a space of its own under the test pager.
#[track_caller]
fn faulting(function: fn(u64), address: u64) -> Result<ThreadId, Failure> {
    let pager = pager::start()?;
    worker::start(worker::away().pager(pager), function, address)
}

/// The pager was told about `address` and the access; the instruction was at `ip`.
#[track_caller]
fn told(access: Rights, address: u64, ip: u64) -> Outcome {
    until("a fault", || board::get(COUNT) > 0)?;
    hex(
        "tag",
        board::get(TAG),
        Tag::new(PAGE_FAULT | u64::from(access.bits()), 2, 0).raw(),
    )?;
    hex("address", board::get(ADDRESS), address)?;
    hex("ip", board::get(IP), ip)
}

fn read_or_write(function: fn(u64), access: Rights, ip: u64) -> Outcome {
    pager::order(WINDOW, touch::page(0, 0x55), Rights::READ_WRITE);
    let id = faulting(function, WINDOW)?;
    told(access, WINDOW, ip)?;
    hex("from", board::get(FROM), id.raw())?;
    until("the thread goes on", || board::get(GO) == 1)?;
    equal("faults", board::get(COUNT), 1)
}

pub(super) fn read() -> Outcome {
    read_or_write(reader, Rights::READ, touch::read as *const () as u64)?;
    hex("what it read", board::get(RESULT), 0x55)
}

pub(super) fn write() -> Outcome {
    read_or_write(writer, Rights::WRITE, touch::write as *const () as u64)?;
    hex("what it wrote", touch::read(touch::pages()), 0x77)
}

/// A fetch is told as such, with the address as instruction pointer.
pub(super) fn execute() -> Outcome {
    faulting(jumper, WINDOW + 8)?;
    told(Rights::EXECUTE, WINDOW + 8, WINDOW + 8)?;
    equal("it does not go on", board::get(GO), 0)
}

/// A thread of the pager's own space: `from` is local, MR3 and MR4 are the thread's.
pub(super) fn same_space() -> Outcome {
    let me = thread::myself();
    let id = worker::start(worker::here().pager(me), read_with_marks, WINDOW)?;
    let fault = ipc::receive_within(id, SOON)?;
    equal("from", fault.from, local(id)?)?;
    let message = &fault.message;
    let words = [message.tag().raw(), message.word_at(0), message.word_at(1)];
    let expected = PageFault {
        address: WINDOW,
        ip: touch::read as *const () as u64,
        access: Rights::READ,
    };
    equal("message", PageFault::from_words(words), Some(expected))?;
    hex("tag", worker::as_if_near(words[0]), 0xFFFF_FFFF_FFE4_0002)
}

fn read_with_marks(address: u64) {
    utcb::my().set_mr(3, 0x333);
    reader(address);
}

/// Kernel memory is not the user's: the pager is told like of any other address.
pub(super) fn kernel_addresses() -> Outcome {
    let targets = [
        0xFFFF_8000_0000_0000,
        0xFFFF_FFFF_8020_0000,
        0xFFFF_FE00_0000_0000,
        0xFFFF_FFFF_FFFF_F000,
    ];
    for address in targets {
        for (function, access) in [(reader as fn(u64), 4), (writer, 2), (jumper, 1)] {
            board::put(COUNT, 0);
            faulting(function, address)?;
            until("a fault", || board::get(COUNT) > 0)?;
            hex("address", board::get(ADDRESS), address)?;
            hex("access", board::get(TAG) >> 16 & 7, access)?;
            equal("it does not go on", board::get(GO), 0)?;
        }
    }
    Ok(())
}

pub(super) fn kernel_interface_page_is_read_only() -> Outcome {
    let page = l4::abi::layout::KIP_ADDRESS;
    faulting(writer, page)?;
    told(Rights::WRITE, page, touch::write as *const () as u64)?;
    hex("the magic", kip::kip().magic, l4::abi::kip::MAGIC)
}

pub(super) fn kernel_stubs_are_read_only() -> Outcome {
    let stub = kip::kip().ipc & !7;
    let before = touch::read(stub);
    faulting(writer, stub)?;
    told(Rights::WRITE, stub, touch::write as *const () as u64)?;
    hex("the stub", touch::read(stub), before)
}

/// MR0-MR63, BR0, ErrorCode and the virtual sender are what they were before the fault.
pub(super) fn registers_survive() -> Outcome {
    pager::order(WINDOW, touch::page(0, 1), Rights::READ_WRITE);
    faulting(fault_with_full_utcb, WINDOW)?;
    until("the thread is done", || board::get(GO) == 1)?;
    equal("registers that changed, as bits", board::get(RESULT), 0)?;
    equal("others that changed, as bits", board::get(RESULT + 1), 0)?;
    equal("faults", board::get(COUNT), 1)
}

fn fault_with_full_utcb(address: u64) {
    let utcb = utcb::my();
    for index in 0..64 {
        utcb.set_mr(index, 0xA000 + index as u64);
    }
    utcb.set_error_code(raw::UNTOUCHED);
    utcb.set_virtual_sender(ThreadId::from_raw(0x1234_0001));
    // SAFETY: the window of this acceptor covers nothing of Rust's.
    unsafe { utcb.set_br(0, 0x5000_00C0) };
    touch::read(address);
    let changed = |index: usize| u64::from(utcb.mr(index) != 0xA000 + index as u64) << index;
    board::put(RESULT, (0..64).map(changed).sum());
    let others = [
        utcb.error_code() != raw::UNTOUCHED,
        utcb.virtual_sender().raw() != 0x1234_0001,
        utcb.br(0) != 0x5000_00C0,
    ];
    board::put(
        RESULT + 1,
        others
            .iter()
            .fold(0, |bits, changed| bits << 1 | u64::from(*changed)),
    );
    board::put(GO, 1);
}

/// A page mapped without the right to execute cannot be executed.
pub(super) fn data_is_not_code() -> Outcome {
    pager::order(WINDOW, touch::page(0, 0xC3), Rights::READ_WRITE);
    let id = faulting(read_then_execute, WINDOW)?;
    until("the second fault", || board::get(COUNT) > 1)?;
    raw::control(id, exregs::STOP);
    hex("access", board::get(TAG) >> 16 & 7, 1)?;
    check("it does not go on", board::get(GO) == 0)
}

fn read_then_execute(address: u64) {
    touch::read(address);
    jumper(address);
}

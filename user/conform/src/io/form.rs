//! What the pager is told, for each instruction that uses ports, and instructions that only look like one.

use core::arch::naked_asm;

use l4::IoFpage;
use l4::abi::protocol::{IO_FAULT_TAG, exception};

use super::agent::{MAP, NOTHING, give, open, start};
use crate::harness::pager::{ADDRESS, COUNT, FROM, IP, SKIP, TAG};
use crate::harness::{Outcome, board, equal, hex, ids, raw, until, worker};

macro_rules! forms {
    ($($name:ident: $($line:literal),+;)+) => {
        $(
            /// In: rdi the port. The instruction comes after two bytes.
            #[unsafe(naked)]
            extern "C" fn $name(port: u64) {
                naked_asm!("mov edx, edi", $($line),+, "ret")
            }
        )+
    };
}

/// What the instruction is, by its place behind the loading of DX.
const OFFSET: u64 = 2;
/// The port in instructions that name one.
const NAMED: u16 = 0x91;

forms! {
    in8: "in al, dx";
    in16: "in ax, dx";
    in32: "in eax, dx";
    out8: "out dx, al";
    out16: "out dx, ax";
    out32: "out dx, eax";
    in8_named: "in al, 0x91";
    in16_named: "in ax, 0x91";
    in32_named: "in eax, 0x91";
    out8_named: "out 0x91, al";
    out16_named: "out 0x91, ax";
    out32_named: "out 0x91, eax";
    ins8: "insb";
    ins16: "insw";
    ins32: "insd";
    outs8: "outsb";
    outs16: "outsw";
    outs32: "outsd";
    rep_ins8: "mov ecx, 1", "rep insb";
    rep_ins16: "mov ecx, 1", "rep insw";
    rep_ins32: "mov ecx, 1", "rep insd";
    rep_outs8: "mov ecx, 1", "rep outsb";
    rep_outs16: "mov ecx, 1", "rep outsw";
    rep_outs32: "mov ecx, 1", "rep outsd";
    wide: ".byte 0x48, 0xed";
    wide_and_small: ".byte 0x66, 0x48, 0xed";
    small_after_wide: ".byte 0x48, 0x66, 0xed";
    many: ".byte 0x66, 0x66, 0x2e, 0x64, 0x67, 0xf2, 0xf3, 0x41, 0xed";
    longest: ".byte 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0xe5, 0x91";
    halt: "hlt";
    bad_memory: "movabs rdi, 0x800000000000", "insb";
}

type Form = (extern "C" fn(u64), u64, u32, bool);

/// Which function, how far on the instruction is, log2 of the ports, and whether it names the port.
const FORMS: [Form; 24] = [
    (in8, OFFSET, 0, false),
    (in16, OFFSET, 1, false),
    (in32, OFFSET, 2, false),
    (out8, OFFSET, 0, false),
    (out16, OFFSET, 1, false),
    (out32, OFFSET, 2, false),
    (in8_named, OFFSET, 0, true),
    (in16_named, OFFSET, 1, true),
    (in32_named, OFFSET, 2, true),
    (out8_named, OFFSET, 0, true),
    (out16_named, OFFSET, 1, true),
    (out32_named, OFFSET, 2, true),
    (ins8, OFFSET, 0, false),
    (ins16, OFFSET, 1, false),
    (ins32, OFFSET, 2, false),
    (outs8, OFFSET, 0, false),
    (outs16, OFFSET, 1, false),
    (outs32, OFFSET, 2, false),
    (rep_ins8, OFFSET + 5, 0, false),
    (rep_ins16, OFFSET + 5, 1, false),
    (rep_ins32, OFFSET + 5, 2, false),
    (rep_outs8, OFFSET + 5, 0, false),
    (rep_outs16, OFFSET + 5, 1, false),
    (rep_outs32, OFFSET + 5, 2, false),
];

const PREFIXED: [Form; 5] = [
    (wide, OFFSET, 2, false),
    (wide_and_small, OFFSET, 2, false),
    (small_after_wide, OFFSET, 1, false),
    (many, OFFSET, 1, false),
    (longest, OFFSET, 1, true),
];

/// Board word: the function that [`run`] calls.
const FUNCTION: usize = 30;

fn run(port: u64) {
    let address = board::get(FUNCTION) as usize as *const ();
    // SAFETY: the tests put such functions there, and code is the same in all spaces.
    let function = unsafe { core::mem::transmute::<*const (), extern "C" fn(u64)>(address) };
    function(port);
    board::put(FUNCTION, 0);
}

/// A thread of a space of its own runs `function`, and the pager is told of these ports.
#[track_caller]
fn faults(pager: l4::ThreadId, form: Form, port: u16) -> Outcome {
    let (function, offset, log2, is_named) = form;
    let port = if is_named { NAMED } else { port };
    let before = board::get(COUNT);
    board::put(FUNCTION, function as *const () as u64);
    let id = worker::start(worker::away().pager(pager), run, port.into())?;
    until("a fault", || board::get(COUNT) > before)?;
    hex("tag", board::get(TAG), IO_FAULT_TAG.raw())?;
    hex("ports", board::get(ADDRESS), IoFpage::new(port, log2).raw())?;
    hex("ip", board::get(IP), function as *const () as u64 + offset)?;
    equal("from", board::get(FROM), id.raw())?;
    equal("deletion", raw::delete(id), raw::DONE)?;
    equal("faults", board::get(COUNT), before + 1)
}

pub(super) fn every_instruction() -> Outcome {
    let pager = open()?;
    board::put(SKIP, 0);
    for form in FORMS {
        faults(pager, form, NOTHING)?;
    }
    Ok(())
}

pub(super) fn prefixes() -> Outcome {
    let pager = open()?;
    board::put(SKIP, 0);
    for form in PREFIXED {
        faults(pager, form, NOTHING)?;
    }
    Ok(())
}

/// Four ports from any port on, the last port, and an answer with just what was asked for.
pub(super) fn ports_in_a_row() -> Outcome {
    let pager = open()?;
    board::put(SKIP, 0);
    for port in [NOTHING + 1, NOTHING + 3, NOTHING + 0x1FE, 0xFFFC] {
        let ports = IoFpage::new(port, 2);
        crate::harness::pager::order_item(l4::MapItem {
            send_base: 0,
            fpage: ports.fpage(),
        });
        let before = board::get(COUNT);
        board::put(FUNCTION, in32 as *const () as u64);
        worker::start(worker::away().pager(pager), run, port.into())?;
        until("the end", || board::get(FUNCTION) == 0)?;
        equal("faults", board::get(COUNT), before + 1)?;
        hex("ports", board::get(ADDRESS), ports.raw())?;
    }
    Ok(())
}

/// Runs `function` in an agent's space that has ports, and gets this exception.
#[track_caller]
fn raises(function: extern "C" fn(u64), offset: u64, port: u16) -> Outcome {
    let pager = open()?;
    let agent = start(worker::away().pager(pager))?;
    give(agent, MAP, IoFpage::new(NOTHING, 3))?;
    give(agent, MAP, IoFpage::new(0xFFFC, 2))?;
    let before = board::get(COUNT);
    board::put(FUNCTION, function as *const () as u64);
    let me = l4::thread::myself().raw();
    let plan = worker::here().in_space_of(agent.0).pager(pager);
    board::put(FUNCTION + 1, me);
    let id = worker::start(plan.id(ids::fresh()), with_handler, port.into())?;
    let exception = l4::ipc::receive_within(id, crate::harness::SOON)?;
    let word = |index: usize| exception.message.word_at(index - 1);
    equal("vector", word(exception::VECTOR), 13)?;
    let ip = function as *const () as u64 + offset;
    hex("ip", word(exception::RIP), ip)?;
    equal("faults", board::get(COUNT), before)
}

fn with_handler(port: u64) {
    let handler = l4::ThreadId::from_raw(board::get(FUNCTION + 1));
    l4::utcb::my().set_exception_handler(handler);
    run(port);
}

/// Whoever has the ports can still do wrong, and some ports do not exist.
pub(super) fn other_exceptions() -> Outcome {
    raises(halt, OFFSET, NOTHING)?;
    raises(bad_memory, OFFSET + 10, NOTHING)?;
    raises(in32, OFFSET, 0xFFFD)?;
    raises(out16, OFFSET, 0xFFFF)
}

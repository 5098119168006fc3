//! The system calls, each with registers that are nearly right, or wrong.

use l4::abi::exregs;
use l4::abi::layout::{KIP_ADDRESS, NOT_GIVEN, UTCB_AREA};
use l4::abi::utcb as offset;
use l4::{Fpage, Rights, ThreadId, kip, thread, utcb};

use crate::bare::{self, Registers};
use crate::fuzzer;
use crate::letter;
use crate::people::{self, Fuzzer};
use crate::words::Draw;

/// All registers random: what a call does not take must not matter.
fn noise(draw: &mut Draw) -> Registers {
    let mut registers = Registers::default();
    for register in registers.general() {
        *register = draw.word();
    }
    registers.flags = draw.flags();
    registers
}

fn enter(registers: &Registers, stub: u64) {
    // SAFETY: the words were drawn so that they do the program no harm (`words`).
    unsafe { bare::enter(registers, stub) };
}

/// Ipc, or Lipc.
pub(crate) fn ipc(draw: &mut Draw) {
    let utcb = utcb::my();
    if draw.chance(60) {
        letter::offer(draw, utcb);
    }
    if draw.chance(30) {
        utcb.set_xfer_timeouts(l4::Timeouts::from_raw(draw.times()));
    }
    let tag = letter::write(draw, utcb);
    let mut registers = noise(draw);
    load_messages(&mut registers);
    registers.r9 = tag.raw();
    registers.rsi = draw.id().raw();
    registers.rdx = match draw.below(4) {
        0 => registers.rsi,
        1 => ThreadId::ANY.raw(),
        2 => ThreadId::NIL.raw(),
        _ => draw.id().raw(),
    };
    registers.r8 = draw.times();
    let kip = kip::kip();
    let stub = if draw.chance(80) { kip.ipc } else { kip.lipc };
    enter(&registers, stub);
}

/// The message registers that travel in registers, as they stand in the UTCB.
fn load_messages(registers: &mut Registers) {
    let utcb = utcb::my();
    registers.rdi = utcb.mr0() as u64;
    registers.rax = utcb.mr(1);
    registers.rbx = utcb.mr(2);
    registers.r10 = utcb.mr(3);
    registers.r12 = utcb.mr(4);
    registers.r13 = utcb.mr(5);
    registers.r14 = utcb.mr(6);
    registers.r15 = utcb.mr(7);
}

/// Unmap: a few pages, or all registers.
pub(crate) fn unmap(draw: &mut Draw) {
    let flush = draw.chance(50);
    let utcb = utcb::my();
    for index in 0..64 {
        let page = if flush {
            draw.page_to_flush()
        } else {
            draw.page()
        };
        utcb.set_mr(index, page.raw());
    }
    let mut registers = noise(draw);
    load_messages(&mut registers);
    registers.r9 = utcb.mr(0);
    let last = if draw.chance(80) {
        draw.below(4)
    } else {
        draw.below(64)
    };
    registers.rdx = draw.word() & !0x7F | u64::from(flush) << 6 | last;
    enter(&registers, kip::kip().unmap);
}

/// ExchangeRegisters.
pub(crate) fn exchange_registers(draw: &mut Draw) {
    let mut registers = noise(draw);
    let (dest, target) = if draw.chance(80) {
        let fuzzer = draw.fuzzer();
        (fuzzer.id(0), Some(fuzzer))
    } else {
        (draw.victim(), None)
    };
    // A name that is not drawn from the list may still be an insider's.
    let target = target.or(Fuzzer::of(dest)).unwrap_or(draw.me);
    registers.rax = dest.raw();
    let control = draw.word();
    registers.rsi = match draw.below(4) {
        0 => exregs::START,
        1 => exregs::SEND | exregs::RECEIVE,
        2 => control & 0x3FFF,
        _ => control,
    };
    let contained = target.is_insider() || draw.me.is_insider() && !dest.is_global();
    registers.r8 = if contained || draw.chance(70) {
        fuzzer::entry()
    } else {
        draw.word()
    };
    // A stack with somebody else's words leads anywhere.
    registers.rdx = if contained {
        draw.nowhere()
    } else {
        draw.writable()
    };
    registers.rdi = draw
        .guardian(if contained { Fuzzer(0) } else { target })
        .raw();
    enter(&registers, kip::kip().exchange_registers);
}

/// Schedule: not above the threads that hold everything together, and not those.
pub(crate) fn schedule(draw: &mut Draw) {
    let mut registers = noise(draw);
    registers.rdi = match draw.below(5) {
        0 => ThreadId::interrupt(draw.below(32) as u32),
        1 if !draw.me.is_insider() => draw.id(),
        _ => draw.peer(),
    }
    .raw();
    let unchanged = u64::MAX;
    let mut maybe = |word: u64| if draw.chance(40) { unchanged } else { word };
    registers.rdx = maybe(registers.rdx);
    registers.r8 = maybe(registers.r8);
    registers.r9 = maybe(registers.r9);
    registers.rsi = if draw.chance(30) {
        unchanged
    } else {
        registers.rsi & !0xFF | draw.below(200)
    };
    if draw.chance(60) {
        registers.r8 = draw.below(kip::cpus() as u64 + 1);
    }
    if draw.chance(60) {
        registers.rdx = draw.times();
    }
    enter(&registers, kip::kip().schedule);
}

/// ThreadSwitch.
pub(crate) fn thread_switch(draw: &mut Draw) {
    let mut registers = noise(draw);
    registers.rdi = draw.id().raw();
    enter(&registers, kip::kip().thread_switch);
}

/// The calls that have little to say.
pub(crate) fn small(draw: &mut Draw) {
    let kip = kip::kip();
    let stub = draw.of(&[kip.system_clock, kip.processor_control, kip.memory_control]);
    let mut registers = noise(draw);
    load_messages(&mut registers);
    enter(&registers, stub);
}

/// ThreadControl. An insider is what comes out of an insider's id only, in the root task's space only.
pub(crate) fn thread_control(draw: &mut Draw) {
    let mut registers = noise(draw);
    let target = draw.fuzzer();
    let (other, peer, nobody) = (draw.id(), draw.peer(), draw.nobody());
    let version = if draw.chance(70) { 0 } else { draw.below(3) };
    let dest = match draw.below(12) {
        0 => ThreadId::interrupt(draw.below(32) as u32),
        1 => ThreadId::global(kip::thread_info().system_base + draw.below(32) as u32, 1),
        2 => ThreadId::from_raw(draw.word() | 1 << 60),
        _ => target.id(version as u32),
    };
    registers.rdi = dest.raw();
    registers.rdx = if draw.chance(20) { 0 } else { other.raw() };
    let (space, utcb) = if target.is_insider() {
        let spaces = [kip::root(), kip::root(), Fuzzer(0).id(0), nobody];
        let utcbs = [target.utcb(), target.utcb(), NOT_GIVEN, target.utcb() + 512];
        (draw.of(&spaces), draw.of(&utcbs))
    } else {
        let neighbour = Fuzzer(people::INSIDERS + draw.below(3) as usize).id(0);
        let somewhere = UTCB_AREA + 1024 * draw.below(256);
        let spaces = [dest, dest, neighbour, nobody];
        let utcbs = [somewhere, target.utcb(), NOT_GIVEN, registers.r9];
        (draw.of(&spaces), draw.of(&utcbs))
    };
    // One in five is deleted.
    registers.r8 = if draw.chance(20) { 0 } else { space.raw() };
    registers.r9 = utcb;
    let is_interrupt = dest.number() < kip::thread_info().system_base;
    let pager = if is_interrupt {
        draw.of(&[peer, dest, other])
    } else {
        draw.guardian(target)
    };
    registers.rsi = pager.raw();
    enter(&registers, kip::kip().thread_control);
}

/// SpaceControl, on other spaces than the root task's.
pub(crate) fn space_control(draw: &mut Draw) {
    let mut registers = noise(draw);
    let outsiders = (people::FUZZERS - people::INSIDERS) as u64;
    let target = Fuzzer(people::INSIDERS + draw.below(outsiders) as usize).id(0);
    registers.rdi = if draw.me.is_insider() || draw.chance(70) {
        target
    } else {
        draw.id()
    }
    .raw();
    let area = |draw: &mut Draw, base: u64, log2: u32| match draw.below(4) {
        0 => draw.page().raw(),
        1 => Fpage::new(base, draw.below(26) as u32, Rights::NONE).raw(),
        _ => Fpage::new(base, log2, Rights::NONE).raw(),
    };
    registers.rdx = area(draw, KIP_ADDRESS, 12);
    registers.r8 = area(draw, UTCB_AREA, 18);
    registers.r9 = draw.id().raw();
    enter(&registers, kip::kip().space_control);
}

/// Pecan's control call: everything but text on the console, and the end of the machine.
pub(crate) fn control(draw: &mut Draw) {
    use l4::abi::control;
    let mut registers = noise(draw);
    let op = draw.below(control::OPERATIONS);
    let ends = matches!(op, control::EXIT | control::CONSOLE_WRITE | control::HOLD)
        && draw.me.is_insider();
    registers.rdi = if ends { control::NULL } else { op };
    registers.rsi = if draw.chance(70) {
        draw.below(4)
    } else {
        registers.rsi
    };
    registers.rdx = if draw.chance(70) {
        draw.below(8)
    } else {
        registers.rdx
    };
    enter(&registers, kip::kip().arch_syscall[0]);
}

/// The words that a thread shares with the kernel.
pub(crate) fn utcb_words(draw: &mut Draw) {
    let utcb = utcb::my();
    let guardian = draw.guardian(draw.me);
    match draw.below(8) {
        0 => utcb.set_pager(guardian),
        1 => utcb.set_exception_handler(guardian),
        2 | 3 => utcb.set_virtual_sender(draw.id()),
        4 => utcb.set_flags(draw.word()),
        5 | 6 => utcb.set_xfer_timeouts(l4::Timeouts::from_raw(draw.times())),
        _ if draw.me.is_insider() => utcb.set_word_size_mask(draw.word()),
        _ => anywhere(draw),
    }
}

/// Any word of the UTCB, for an outsider.
fn anywhere(draw: &mut Draw) {
    let place = utcb::my()
        .mr0()
        .wrapping_byte_offset(-512)
        .wrapping_add(draw.below(128) as usize);
    let id = utcb::my().mr0().wrapping_byte_offset(offset::MY_GLOBAL_ID);
    // Whoever forgets who it is has to be made anew.
    if place != id || draw.chance(10) {
        let word = draw.word();
        // SAFETY: the thread's own UTCB.
        unsafe { place.write_volatile(word) };
    }
}

/// SYSCALL itself, with any number, and stubs from the middle: outsiders only.
pub(crate) fn without_stub(draw: &mut Draw) {
    if draw.me.is_insider() {
        return;
    }
    let mut registers = noise(draw);
    load_messages(&mut registers);
    registers.rbp = if draw.chance(80) {
        draw.below(16)
    } else {
        draw.word()
    };
    let target = if draw.chance(70) {
        bare::syscall as *const () as u64
    } else {
        (kip::kip().ipc & !0xFFF) + draw.below(4096)
    };
    enter(&registers, target);
}

/// Deletes or halts a peer by the library's means, for more of what is valid.
pub(crate) fn disturb(draw: &mut Draw) {
    let peer = draw.peer();
    // Whether it is there or may be disturbed is as it comes.
    let _ = match draw.below(4) {
        0 if draw.me.is_insider() => thread::delete(peer),
        1 => thread::halt(peer),
        2 => thread::abort_ipc(peer),
        _ => thread::resume(peer),
    };
}

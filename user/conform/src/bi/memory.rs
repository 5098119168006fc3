//! The memory descriptors of the kernel interface page.

use core::arch::x86_64::__cpuid;

use l4::abi::kip::{BOOT_INFO, BOOT_MODULE, BOOT_SERVER, MemoryDescriptor, MemoryInfo, MemoryType};
use l4::abi::layout::USER_LAST;
use l4::kip;

use crate::harness::failure::at_least;
use crate::harness::{Failure, Outcome, check, equal, hex};
use crate::pf::touch;

fn physical() -> impl Iterator<Item = MemoryDescriptor> + Clone {
    let count = MemoryInfo::from_raw(kip::kip().memory_info).count as usize;
    (0..count).filter_map(|index| kip::memory().nth(index).filter(|memory| !memory.is_virtual))
}

#[track_caller]
fn wrong(what: &str, memory: MemoryDescriptor) -> Failure {
    let MemoryDescriptor { low, high, .. } = memory;
    Failure::new(format_args!("{what}: {low:#x} to {high:#x}"))
}

/// Types that there are, subtypes where they mean something, zeros where nothing is.
pub(super) fn encoding() -> Outcome {
    let info = MemoryInfo::from_raw(kip::kip().memory_info);
    let first = core::ptr::from_ref(kip::kip()) as u64 + u64::from(info.offset);
    check("aligned", info.offset.is_multiple_of(16))?;
    for at in (first..).step_by(16).take(info.count as usize) {
        let [low, high] = [at, at + 8].map(|word| touch::read(word));
        hex("bits 8 and above of the type", low & 0x100, 0)?;
        hex("low bits of the end", high & 0x3FF, 0)?;
        check("low is not above high", low >> 10 <= high >> 10)?;
        match low & 0xF {
            0xE => check("a loader's subtype", (1..=3).contains(&(low >> 4 & 0xF)))?,
            // What the firmware calls it: RAM is 1 there.
            0xF => check("a firmware's subtype", low >> 4 & 0xF > 1)?,
            1..=4 => check("a subtype of RAM", low >> 4 & 0xF <= 1)?,
            kind => return Err(Failure::new(format_args!("type {kind}"))),
        }
    }
    Ok(())
}

/// What is of no other kind is shared; the loader's come after the firmware's; nobody overrides the kernel.
pub(super) fn order() -> Outcome {
    let Some(first) = kip::memory().next() else {
        return check("a descriptor", false);
    };
    equal("the first", first.kind, MemoryType::SHARED)?;
    equal("its bounds", (first.low, first.high), (0, u64::MAX))?;
    let place = |kind| move |memory: MemoryDescriptor| memory.kind == kind;
    let of_loader = physical().position(place(MemoryType::BOOT));
    let ram = physical().enumerate();
    let ram = ram.filter(|(_, memory)| memory.kind == MemoryType::CONVENTIONAL);
    let last_ram = ram.last().map(|(index, _)| index);
    check("RAM, then what lies in it", last_ram < of_loader)?;
    for memory in physical().filter(|memory| memory.kind == MemoryType::RESERVED) {
        if kip::memory_kind(memory.low, memory.high) != Some((MemoryType::RESERVED, 0)) {
            return Err(wrong("overridden", memory));
        }
    }
    Ok(())
}

/// The firmware's entries do not overlap, and the holes of a PC are everybody's.
pub(super) fn firmware() -> Outcome {
    let of_firmware = |memory: &MemoryDescriptor| {
        matches!(memory.kind, MemoryType::CONVENTIONAL | MemoryType::ARCH)
    };
    for (index, one) in physical().filter(of_firmware).enumerate() {
        for other in physical().filter(of_firmware).take(index) {
            if one.low <= other.high && other.low <= one.high {
                return Err(wrong("overlaps", one));
            }
        }
    }
    for (first, last) in [(0xA_0000, 0xB_FFFF), (0xC_0000, 0xE_FFFF)] {
        equal(
            "a hole",
            kip::memory_kind(first, last),
            Some((MemoryType::SHARED, 0)),
        )?;
    }
    let devices = kip::memory_kind(0xFED0_0000, 0xFED0_03FF);
    equal("a device", devices, Some((MemoryType::SHARED, 0)))
}

/// The kernel's image and interrupt controllers are reserved; what the loader brought has its types, and lies in RAM.
pub(super) fn in_effect() -> Outcome {
    let page = kip::kip();
    let [low, high] = page.reserved_memory[0];
    let reserved = Some((MemoryType::RESERVED, 0));
    equal("the kernel", kip::memory_kind(low, high - 1), reserved)?;
    let [apic, io_apic] = [0xFEE0_0000, 0xFEC0_0000];
    equal("local APIC", kip::memory_kind(apic, apic + 0xFFF), reserved)?;
    equal(
        "I/O APIC",
        kip::memory_kind(io_apic, io_apic + 0xFFF),
        reserved,
    )?;
    for server in [page.sigma0, page.root] {
        let kind = kip::memory_kind(server.low, server.high - 1);
        equal("a server", kind, Some((MemoryType::BOOT, BOOT_SERVER)))?;
    }
    let count = |subtype| {
        let all = physical().filter(|memory| memory.kind == MemoryType::BOOT);
        all.filter(|memory| memory.subtype == subtype).count() as u64
    };
    equal("servers", count(BOOT_SERVER), 2)?;
    equal("boot records", count(BOOT_INFO), 1)?;
    let modules = l4::boot::modules().filter(|module| module.size > 0);
    equal("modules", count(BOOT_MODULE), modules.count() as u64)?;
    for memory in physical().filter(|memory| memory.kind == MemoryType::BOOT) {
        let mut ram = physical().filter(|ram| ram.kind == MemoryType::CONVENTIONAL);
        if !ram.any(|ram| ram.low <= memory.low && memory.high <= ram.high) {
            return Err(wrong("not in RAM", memory));
        }
    }
    Ok(())
}

/// One virtual descriptor: the user's part of an address space.
pub(super) fn addresses_of_users() -> Outcome {
    let mut virtuals = kip::memory().filter(|memory| memory.is_virtual);
    let Some(users) = virtuals.next() else {
        return check("the user's addresses", false);
    };
    equal("kind", users.kind, MemoryType::CONVENTIONAL)?;
    equal("bounds", (users.low, users.high), (0, USER_LAST))?;
    check("no other", virtuals.next().is_none())?;
    let bits = u64::from(__cpuid(0x8000_0008).eax & 0xFF);
    let ram = physical().filter(|memory| memory.kind == MemoryType::CONVENTIONAL);
    let top = ram.map(|memory| memory.high).max().unwrap_or(0);
    at_least("the last address", (1 << bits) - 1, top)
}

//! The kernel interface page and the trap that finds it.

use core::arch::{asm, naked_asm};

use l4::abi::kip::{
    API_FLAGS, API_VERSION, KIP_SIZE, KernelDescriptor, MAGIC, MemoryType, PageInfo, ProcessorInfo,
    UtcbInfo,
};
use l4::{abi, kip, syscall};

use crate::harness::failure::at_least;
use crate::harness::{Outcome, Test, check, equal, hex};

pub(crate) const TESTS: &[Test] = &[
    Test::new("KIP0001", identity),
    Test::new("KIP0002", trap_tells_what_the_page_says),
    Test::new("KIP0003", trap_preserves_registers),
    Test::new("KIP0004", pointers_lie_inside),
    Test::new("KIP0005", stubs_are_there),
    Test::new("KIP0006", memory_descriptors),
    Test::new("KIP0007", processor_descriptors),
    Test::new("KIP0008", no_features),
    Test::new("KIP0009", information_words),
    Test::new("KIP0010", initial_servers),
    Test::new("KIP0011", trap_across_two_pages),
];

/// Reads a word of the page.
fn word(offset: u64) -> u64 {
    let address = core::ptr::from_ref(kip::kip()) as u64 + offset;
    // SAFETY: all offsets used here lie in the page, which is readable.
    unsafe { (address as *const u64).read_volatile() }
}

fn identity() -> Outcome {
    hex("magic", kip::kip().magic, MAGIC)?;
    hex("ApiVersion", kip::kip().api_version, API_VERSION)?;
    hex("ApiFlags", kip::kip().api_flags, API_FLAGS)?;
    hex(
        "address in the root task",
        core::ptr::from_ref(kip::kip()) as u64,
        abi::layout::KIP_ADDRESS,
    )
}

fn trap_tells_what_the_page_says() -> Outcome {
    let told = syscall::kernel_interface();
    hex("page", told.page, abi::layout::KIP_ADDRESS)?;
    hex("ApiVersion", told.api_version, kip::kip().api_version)?;
    hex("ApiFlags", told.api_flags, kip::kip().api_flags)?;
    hex(
        "KernelId",
        told.kernel_id,
        word(kip::kip().kernel_descriptor),
    )
}

/// Fills RDI, RBX, RBP, R8-R15 and the flags, traps, and returns them with RAX.
fn trap_with_full_registers(out: &mut [u64; 12]) {
    // SAFETY: everything that is changed is saved or declared; writes to `out` only.
    unsafe {
        asm!(
            "push rbx", "push rbp", "push rax",
            "mov rdi, 0x1d1", "mov rbx, 0x1b1", "mov rbp, 0x1b9", "mov r8, 0x108", "mov r9, 0x109",
            "mov r10, 0x110", "mov r11, 0x111", "mov r12, 0x112", "mov r13, 0x113",
            "mov r14, 0x114", "mov r15, 0x115",
            "stc",
            ".byte 0xf0, 0x90",
            "xchg rax, [rsp]",
            "mov [rax], rdi", "mov [rax + 8], rbx", "mov [rax + 16], rbp", "mov [rax + 24], r8",
            "mov [rax + 32], r9", "mov [rax + 40], r10", "mov [rax + 48], r11",
            "mov [rax + 56], r12", "mov [rax + 64], r13", "mov [rax + 72], r14",
            "mov [rax + 80], r15",
            "setc cl",
            "movzx ecx, cl",
            "mov [rax + 88], rcx",
            "pop rax", "pop rbp", "pop rbx",
            inlateout("rax") out.as_mut_ptr() => _,
            lateout("rcx") _, lateout("rdx") _, lateout("rsi") _, lateout("rdi") _,
            lateout("r8") _, lateout("r9") _, lateout("r10") _, lateout("r11") _,
            lateout("r12") _, lateout("r13") _, lateout("r14") _, lateout("r15") _,
        );
    }
}

fn trap_preserves_registers() -> Outcome {
    let expected = [
        0x1d1, 0x1b1, 0x1b9, 0x108, 0x109, 0x110, 0x111, 0x112, 0x113, 0x114, 0x115, 1,
    ];
    for _ in 0..10_000 {
        let mut seen = [0; 12];
        trap_with_full_registers(&mut seen);
        equal("RDI RBX RBP R8-R15 CF", seen, expected)?;
    }
    Ok(())
}

fn pointers_lie_inside() -> Outcome {
    let page = kip::kip();
    let inside = |offset: u64, size: u64| offset >= 0x240 && offset + size <= KIP_SIZE as u64;
    check(
        "kernel descriptor inside",
        inside(page.kernel_descriptor, 0x21),
    )?;
    let cpus = ProcessorInfo::from_raw(page.processor_info);
    let size = u64::from(cpus.count) << cpus.descriptor_log2;
    check(
        "processor descriptors inside",
        inside(page.processor_descriptors, size),
    )?;
    let memory = abi::kip::MemoryInfo::from_raw(page.memory_info);
    let size = 16 * u64::from(memory.count);
    check(
        "memory descriptors inside",
        inside(u64::from(memory.offset), size),
    )
}

fn stubs_are_there() -> Outcome {
    for offset in (0x1a0..=0x1f0).step_by(8) {
        let stub = word(offset);
        check("a system-call word", stub != 0)?;
        // SAFETY: code of the kernel's that every space can read.
        let byte = unsafe { (stub as *const u8).read_volatile() };
        check("readable code behind it", byte != 0)?;
    }
    Ok(())
}

fn memory_descriptors() -> Outcome {
    let (mut ram, mut user) = (0, false);
    for memory in kip::memory() {
        check("low is below high", memory.low < memory.high)?;
        let reserved = memory.kind == MemoryType::RESERVED && memory.is_virtual;
        check("nothing reserved and virtual", !reserved)?;
        if memory.kind == MemoryType::CONVENTIONAL {
            match memory.is_virtual {
                true => user = true,
                false => ram += memory.high - memory.low + 1,
            }
        }
    }
    check("the user address range is described", user)?;
    at_least("conventional memory", ram, 16 << 20)?;
    at_least("number of descriptors", kip::memory().count() as u64, 4)
}

fn processor_descriptors() -> Outcome {
    hex("log2 of the size", kip::kip().processor_info >> 60, 5)?;
    for cpu in 0..kip::cpus() {
        let Some(processor) = kip::processor(cpu) else {
            return check("a descriptor per CPU", false);
        };
        at_least("core frequency in kHz", processor.internal_khz, 1000)?;
    }
    check("none beyond", kip::processor(kip::cpus()).is_none())
}

fn no_features() -> Outcome {
    let strings = kip::kip().kernel_descriptor + KernelDescriptor::STRINGS as u64;
    let base = core::ptr::from_ref(kip::kip()) as u64;
    // SAFETY: reads bytes of the page only.
    let byte = |offset: u64| unsafe { ((base + offset) as *const u8).read_volatile() };
    let Some(end) = (strings..KIP_SIZE as u64).find(|offset| byte(*offset) == 0) else {
        return check("the version string ends", false);
    };
    check("there is a version string", end > strings)?;
    equal("first byte of the feature list", byte(end + 1), 0)
}

fn information_words() -> Outcome {
    equal(
        "UTCB info",
        UtcbInfo::from_raw(kip::kip().utcb_info),
        UtcbInfo::PECAN,
    )?;
    hex("KIP area info", kip::kip().kip_area_info & 0x3f, 12)?;
    let threads = kip::thread_info();
    equal("thread-number bits", threads.bits, 18)?;
    equal(
        "numbers of kernel threads",
        threads.user_base - threads.system_base,
        32,
    )?;
    check("user base below 225", threads.user_base < 225)?;
    let pages = PageInfo::from_raw(kip::kip().page_info);
    hex(
        "page sizes 4 KiB and 2 MiB",
        pages.sizes & 0x20_1000,
        0x20_1000,
    )?;
    equal("rights", pages.rights, 7)
}

fn initial_servers() -> Outcome {
    for server in [&kip::kip().sigma0, &kip::kip().root] {
        check(
            "ip inside the image",
            server.low <= server.ip && server.ip < server.high,
        )?;
    }
    hex("root's low", kip::kip().root.low, 0x100_0000)?;
    hex("sigma0's low", kip::kip().sigma0.low, 0xF0_0000)?;
    equal(
        "sigma1",
        (kip::kip().sigma1.low, kip::kip().sigma1.high),
        (0, 0),
    )
}

/// The first byte of the instruction is the last of a page.
fn trap_across_two_pages() -> Outcome {
    #[unsafe(naked)]
    extern "C" fn trap() -> u64 {
        naked_asm!(
            "push rbx",
            "jmp 2f",
            ".p2align 12",
            ".skip 4095, 0x90",
            "2: .byte 0xf0, 0x90",
            "pop rbx",
            "ret"
        )
    }
    hex("page", trap(), abi::layout::KIP_ADDRESS)
}

//! The kernel-interface page: made once, shown in every space (L4 X.2, kernel interface page).
//!
//! ```text
//! 0x000  fixed part
//! 0x240  processor descriptors, 32 bytes each
//!        kernel descriptor, version string, empty feature list
//!        memory descriptors, 16 bytes each
//! ```

use core::sync::atomic::{AtomicU64, Ordering};

use pecan_abi::kip::{
    API_FLAGS, API_VERSION, FIXED_SIZE, KIP_SIZE, KernelDescriptor, Kip, KipAreaInfo, MAGIC,
    MemoryDescriptor, MemoryInfo, PageInfo, ProcessorDescriptor, ProcessorInfo, ThreadInfo,
    UtcbInfo, kernel_date, kernel_id, kernel_version,
};
use pecan_abi::layout::{KIP_LOG2, SYSTEM_THREADS, THREAD_BITS};

use crate::arch::x86_64::{clock, features, stubs};
use crate::boot::servers::Loaded;
use crate::cpu;
use crate::memory::layout::Image;
use crate::memory::{physmap, reserve};
use crate::start;

/// Says that this is a kernel of the family that Pistachio's binaries know.
pub(crate) const KERNEL_ID: u64 = kernel_id(4, 0x50);

/// Version string, then an empty list of features: the look-up of old libraries takes any feature for every feature.
const STRINGS: &[u8] = b"Pecan\0\0";

static PHYS: AtomicU64 = AtomicU64::new(0);

/// Physical address of the page.
pub(crate) fn phys() -> u64 {
    PHYS.load(Ordering::Relaxed)
}

/// Makes the page. Boot CPU, once, when all CPUs are counted.
///
/// # Panics
/// Without memory for it: the machine cannot boot then.
pub(crate) fn make(contents: &Loaded) {
    let Some(frame) = reserve::allocate() else {
        panic!("no memory for the kernel-interface page")
    };
    let mut page = Page {
        base: physmap::to_virt(frame.phys()),
        next: FIXED_SIZE,
    };
    let processors = page.processors();
    let kernel = page.kernel_descriptor();
    let (memory, count) = page.memory(contents.memory);
    let fixed = fixed_part(
        contents,
        processors,
        kernel,
        MemoryInfo {
            count: count as u32,
            offset: memory as u32,
        },
    );
    page.put_at(0, fixed);
    PHYS.store(frame.phys(), Ordering::Relaxed);
}

/// The page while it is filled.
struct Page {
    base: *mut u8,
    next: usize,
}

impl Page {
    fn put_at<T>(&mut self, offset: usize, value: T) {
        assert!(offset + size_of::<T>() <= KIP_SIZE && offset.is_multiple_of(align_of::<T>()));
        // SAFETY: inside the page, by the assertion.
        let place = unsafe { self.base.add(offset) }.cast::<T>();
        // SAFETY: aligned by the assertion; the page is fresh and only this CPU knows it.
        unsafe { place.write(value) };
    }

    fn put<T>(&mut self, value: T) -> usize {
        let offset = self.next;
        self.put_at(offset, value);
        self.next += size_of::<T>();
        offset
    }

    fn room_for(&self, bytes: usize) -> bool {
        self.next + bytes <= KIP_SIZE
    }

    fn processors(&mut self) -> usize {
        let first = self.next;
        let khz = clock::khz();
        for _ in 0..named_cpus() {
            self.put(ProcessorDescriptor {
                external_khz: khz,
                internal_khz: khz,
                reserved: [0; 2],
            });
        }
        first
    }

    fn kernel_descriptor(&mut self) -> usize {
        let at = self.put(KernelDescriptor {
            id: KERNEL_ID,
            date: kernel_date(2026, 11, 21),
            version: kernel_version(0, 1, 0),
            supplier: KernelDescriptor::PECAN_SUPPLIER,
        });
        for byte in STRINGS {
            self.put(*byte);
        }
        self.next = self.next.next_multiple_of(16);
        at
    }

    fn memory(&mut self, descriptors: &[MemoryDescriptor]) -> (usize, usize) {
        let first = self.next;
        let mut count = 0;
        for descriptor in descriptors {
            if !self.room_for(size_of::<[u64; 2]>()) {
                log::warn!(
                    "the kernel-interface page has no room for {} memory descriptors",
                    descriptors.len() - count
                );
                break;
            }
            self.put(descriptor.words());
            count += 1;
        }
        (first, count)
    }
}

/// How many CPUs the page describes. User programs find no more; a page has room for these and the memory.
fn named_cpus() -> usize {
    const ROOM: usize = (KIP_SIZE - FIXED_SIZE - 1024) / size_of::<ProcessorDescriptor>();
    cpu::count().min(ROOM)
}

fn fixed_part(contents: &Loaded, processors: usize, kernel: usize, memory: MemoryInfo) -> Kip {
    let stubs = stubs::addresses();
    let kernel_image = Image::get().physical();
    let mut kip = Kip::ZERO;
    kip.magic = MAGIC;
    kip.api_version = API_VERSION;
    kip.api_flags = API_FLAGS;
    kip.kernel_descriptor = kernel as u64;
    kip.sigma0 = contents.sigma0;
    kip.root = contents.root;
    kip.memory_info = memory.raw();
    kip.reserved_memory[0] = [kernel_image.start, kernel_image.end];
    kip.utcb_info = UtcbInfo::PECAN.raw();
    kip.kip_area_info = KipAreaInfo { log2: KIP_LOG2 }.raw();
    kip.boot_info = contents.boot_info;
    kip.processor_descriptors = processors as u64;
    kip.thread_info = thread_info().raw();
    kip.page_info = PageInfo {
        rights: 7,
        sizes: page_sizes(),
    }
    .raw();
    kip.processor_info = ProcessorInfo {
        count: named_cpus() as u32,
        descriptor_log2: 5,
    }
    .raw();
    kip.space_control = stubs.space_control;
    kip.thread_control = stubs.thread_control;
    kip.processor_control = stubs.processor_control;
    kip.memory_control = stubs.memory_control;
    kip.ipc = stubs.ipc;
    kip.lipc = stubs.ipc;
    kip.unmap = stubs.unmap;
    kip.exchange_registers = stubs.exchange_registers;
    kip.system_clock = stubs.system_clock;
    kip.thread_switch = stubs.thread_switch;
    kip.schedule = stubs.schedule;
    kip.arch_syscall[0] = stubs.control;
    kip
}

/// Bit k: there are pages of 2^k bytes.
fn page_sizes() -> u64 {
    let sizes = (1 << 12) | (1 << 21);
    if features::get().gib_pages {
        sizes | 1 << 30
    } else {
        sizes
    }
}

fn thread_info() -> ThreadInfo {
    let user_base = start::user_base();
    ThreadInfo {
        bits: THREAD_BITS,
        system_base: user_base - SYSTEM_THREADS,
        user_base,
    }
}

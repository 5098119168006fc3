//! From the kernel's jump to `main`, and what happens on a panic.

/// Names the program's main function, which must not return:
///
/// ```ignore
/// #![no_std]
/// #![no_main]
/// l4::program!(main);
///
/// fn main() -> ! {
///     l4::println!("hello");
///     l4::exit::report(true)
/// }
/// ```
#[macro_export]
macro_rules! program {
    ($main:path) => {
        /// What the start-up code of the library calls.
        #[unsafe(no_mangle)]
        extern "Rust" fn l4_program_main() -> ! {
            let main: fn() -> ! = $main;
            main()
        }
    };
}

#[cfg(target_os = "none")]
mod entry {
    use core::arch::naked_asm;
    use core::cell::UnsafeCell;

    use crate::{image, syscall};

    const STACK_SIZE: usize = 64 * 1024;

    /// The first thread's stack.
    #[repr(C, align(4096))]
    struct FirstStack(UnsafeCell<[u8; STACK_SIZE]>);

    // SAFETY: only `_start` refers to it, and only the first thread runs that.
    unsafe impl Sync for FirstStack {}

    static STACK: FirstStack = FirstStack(UnsafeCell::new([0; STACK_SIZE]));

    unsafe extern "Rust" {
        fn l4_program_main() -> !;
    }

    /// The program's entry point. The kernel defines no register but RIP, so the stack comes first.
    #[unsafe(naked)]
    #[unsafe(no_mangle)]
    #[unsafe(link_section = ".text._start")]
    extern "C" fn _start() -> ! {
        naked_asm!(
            "lea rsp, [rip + {stack} + {size}]",
            "xor ebp, ebp",
            "cld",
            "call {first}",
            "ud2",
            stack = sym STACK,
            size = const STACK_SIZE,
            first = sym first,
        )
    }

    /// Finds the kernel, takes all of the image from sigma0 and runs the program.
    ///
    /// sigma0 gives the image's pages to the first thread only, so this one fetches them all, for the
    /// space's other threads too.
    extern "C" fn first() -> ! {
        syscall::connect();
        // SAFETY: the image is readable, and sigma0 keeps it for this program.
        unsafe { image::touch(image::range()) };
        // SAFETY: `program!` defines the function with this signature.
        unsafe { l4_program_main() }
    }
}

#[cfg(target_os = "none")]
mod panic {
    use core::panic::PanicInfo;

    use crate::{exit, println, thread};

    /// Says what went wrong and ends the machine with the code for failure.
    #[panic_handler]
    fn panic(info: &PanicInfo<'_>) -> ! {
        println!("[panic] user thread {:x}: {info}", thread::myself().raw());
        exit::report(false)
    }
}

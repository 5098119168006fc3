//! The boot image: one archive of boot modules.

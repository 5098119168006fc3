//! The encodings of the L4 X.2 interface.
#![no_std]
#![forbid(unsafe_code)]

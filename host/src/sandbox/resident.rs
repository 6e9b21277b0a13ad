//! How much of this executable is in memory. The only place that gives pages back to the kernel.
//!
//! A start, and the first call of each module, run through code that later calls do not need, and a server that nobody
//! asks anything needs hardly any. The pages are those of a file: they can be dropped, and come back by themselves when
//! they are needed again.

#![expect(
    unsafe_code,
    reason = "what a page is of, and that it was not written to, is known from the program's own headers"
)]

use std::ffi::{c_int, c_void};

use rustix::mm::{Advice, madvise};

/// Drops the pages of this executable that are as they are in its file. What runs next costs some page faults, which
/// together take less than a millisecond.
pub(crate) fn trim() {
    // SAFETY: `drop_pages` has the type that is wanted, and takes no data.
    unsafe { libc::dl_iterate_phdr(Some(drop_pages), std::ptr::null_mut()) };
}

/// Drops the pages of the segments of one object that nobody can have written to, and asks for no further objects: the
/// first is the program.
unsafe extern "C" fn drop_pages(
    object: *mut libc::dl_phdr_info,
    _size: usize,
    _data: *mut c_void,
) -> c_int {
    // SAFETY: `dl_iterate_phdr` hands over an object with as many headers as it says, alive until this returns.
    let (base, headers) = unsafe {
        let object = &*object;
        let count = usize::from(object.dlpi_phnum);
        let headers = std::slice::from_raw_parts(object.dlpi_phdr, count);
        (object.dlpi_addr, headers)
    };
    let page = rustix::param::page_size();
    for header in headers {
        // What the dynamic linker has written to lies in segments that are writable at first.
        if header.p_type != libc::PT_LOAD || header.p_flags & libc::PF_W != 0 {
            continue;
        }
        let (Ok(base), Ok(start), Ok(length)) = (
            usize::try_from(base),
            usize::try_from(header.p_vaddr),
            usize::try_from(header.p_filesz),
        ) else {
            continue;
        };
        // Pages that are wholly of this segment.
        let first = (base + start).next_multiple_of(page);
        let end = (base + start + length) / page * page;
        if first < end {
            // SAFETY: a private mapping of the executable's file, never writable: what is dropped is read again from
            // the file when it is next used. A failure leaves the pages where they are.
            let _ = unsafe {
                madvise(
                    std::ptr::with_exposed_provenance_mut(first),
                    end - first,
                    Advice::LinuxDontNeed,
                )
            };
        }
    }
    1
}

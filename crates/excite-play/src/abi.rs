//! The three functions that the page's script calls, and the text that they hand over in the linear memory.

// A function is exported by its name, which nothing else in this WebAssembly module has; no block of code here is unsafe. The script writes
// into the memory between two calls, when no Rust code runs.
#![allow(unsafe_code)]

use std::cell::RefCell;

use crate::Session;

#[derive(Default)]
struct State {
    session: Session,
    request: Vec<u8>,
    answer: String,
}

thread_local! {
    static STATE: RefCell<State> = RefCell::default();
}

/// Makes room for a request of `length` bytes, and says where: the script writes it there, as UTF-8.
#[unsafe(no_mangle)]
extern "C" fn request(length: usize) -> *mut u8 {
    STATE.with_borrow_mut(|state| {
        state.request.clear();
        state.request.resize(length, 0);
        state.request.as_mut_ptr()
    })
}

/// Answers the request, and says where the answer is: it stays until the next one.
#[unsafe(no_mangle)]
extern "C" fn answer() -> *const u8 {
    STATE.with_borrow_mut(|state| {
        state.answer = state.session.answer(&String::from_utf8_lossy(&state.request));
        state.answer.as_ptr()
    })
}

/// The length of the answer in bytes.
#[unsafe(no_mangle)]
extern "C" fn answer_length() -> usize {
    STATE.with_borrow(|state| state.answer.len())
}

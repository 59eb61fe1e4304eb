//! Reading a list: page by page, or whole.
//!
//! Page tokens may be page numbers of a list that goes on changing, so the pages of a read are compared.
//!
//! ```text
//! pages ---> repeats     records that come a second time
//! ```

mod pages;
mod repeats;

pub use pages::Pages;

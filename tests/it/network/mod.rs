//! The conversation with a server: keys and tokens, pages, redirects, and everything that can fail.

mod answers;
mod certificates;
mod credentials;
mod faults;
mod living_lists;
mod paging;
mod redirects;
mod transport;

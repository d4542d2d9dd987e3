//! Answers programs that write code, and editors: the hooks of coding agents (`guard`), the Model Context Protocol
//! (`mcp`), the Language Server Protocol (`lsp`).
//!
//! Each of them hands over a text and a path and wants to know now whether there is a credential in it. What differs is
//! the protocol; what is found comes from [`leakward_scan::text_scanner`], so it is what a scan would find.
//!
//! Nothing here asks a provider or changes a credential. INVARIANT: no answer holds a credential; it is shown masked.
#![forbid(unsafe_code)]

#[doc(hidden)]
pub mod fuzzing;
pub mod guard;
pub mod lsp;
pub mod mcp;
pub mod project;

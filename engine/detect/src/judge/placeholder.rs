//! Values that only stand in for a credential: `YOUR_API_KEY`, `xxxxxxxx`, `changeme`.

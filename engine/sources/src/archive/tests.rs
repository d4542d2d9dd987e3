//! Archives of every kind, made by the programs that people make them with where there are such, and archives that
//! somebody made to hurt.

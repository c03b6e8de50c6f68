package dev.bellows.engine.kernel;

/** Recurrent layers over a whole sequence. Addresses are of float32 unless said. */
public interface Recurrence {}

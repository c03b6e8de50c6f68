package dev.bellows.engine.kernel;

/**
 * Slices [outer, inner] of a tensor [outer, size, inner], {@code count} of them. All in elements.
 */
public record SliceShape(int outer, int size, int inner, int count) {}

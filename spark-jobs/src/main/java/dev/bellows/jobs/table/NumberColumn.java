package dev.bellows.jobs.table;

import java.io.Serializable;

/**
 * One number column. A block stores {@code x - offset} as float32; the network sees {@code ((x or
 * fill) - center) * factor}.
 *
 * @param name column name
 * @param offset storage offset: 0 unless the values are so far from 0 that float32 would lose their
 *     spread
 * @param center subtracted from x
 * @param factor multiplied after that
 * @param fill what replaces a missing x
 * @param fails whether a missing x makes the row bad
 * @param flag whether a 0/1 column follows that says that x was missing
 */
public record NumberColumn(
    String name,
    double offset,
    double center,
    double factor,
    double fill,
    boolean fails,
    boolean flag)
    implements Serializable {}

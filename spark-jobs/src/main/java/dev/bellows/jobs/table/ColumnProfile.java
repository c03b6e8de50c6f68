package dev.bellows.jobs.table;

import java.io.Serializable;

/**
 * Facts on one column of the source.
 *
 * @param name column name
 * @param type number, category, image, sparse, target, weight, id or ignored
 * @param inferred whether the type was inferred rather than given
 * @param missing missing cells
 * @param distinct distinct values (exact up to 65,536, then within 2 %)
 * @param min smallest number; NaN when there is none
 * @param max largest number; NaN when there is none
 * @param mean mean of the numbers; NaN when there is none
 * @param std population standard deviation; NaN when there is none
 * @param note why the column is not used, or empty
 */
public record ColumnProfile(
    String name,
    String type,
    boolean inferred,
    long missing,
    long distinct,
    double min,
    double max,
    double mean,
    double std,
    String note)
    implements Serializable {}

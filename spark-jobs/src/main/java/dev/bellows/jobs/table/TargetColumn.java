package dev.bellows.jobs.table;

import java.io.Serializable;
import java.util.List;

/**
 * The column to be learnt.
 *
 * @param name column name
 * @param classes class names in label order; empty for regression
 * @param positive label that counts as 1 in two-class metrics
 * @param offset a regression output y means {@code y * scale + offset} in the unit of the data
 * @param scale see {@code offset}
 */
public record TargetColumn(
    String name, List<String> classes, int positive, double offset, double scale)
    implements Serializable {}

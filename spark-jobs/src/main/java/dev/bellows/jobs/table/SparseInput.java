package dev.bellows.jobs.table;

import java.io.Serializable;
import java.util.List;

/**
 * The sparse part of a row.
 *
 * @param width columns; wider rows are refused
 * @param factors [width] multiplied with each stored value; empty = all 1
 */
public record SparseInput(int width, List<Double> factors) implements Serializable {}

package dev.bellows.jobs.table;

import dev.bellows.jobs.source.SeriesShape;
import java.io.Serializable;
import java.util.List;

/**
 * Windows of a series; the network sees {@code (x - centers[c]) * factors[c]} of variable c, less
 * that of the last seen step where the shape is relative.
 *
 * @param shape what is seen and learnt
 * @param centers [C]
 * @param factors [C]
 */
public record SeriesInput(SeriesShape shape, List<Double> centers, List<Double> factors)
    implements Serializable {}

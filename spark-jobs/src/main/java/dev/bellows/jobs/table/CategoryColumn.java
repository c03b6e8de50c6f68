package dev.bellows.jobs.table;

import java.io.Serializable;
import java.util.List;

/**
 * One category column. A block stores 1 + index in {@code dictionary}, 0 for missing and -1 for
 * anything else; the network sees {@code codes[stored]}, and 0, the unknown bucket, for -1.
 *
 * @param name column name
 * @param dictionary values in ascending order (UTF-16 units)
 * @param codes [dictionary size + 1] fitted code of missing and of each value; 0 = the unknown
 *     bucket
 * @param cardinality fitted codes are 0 to cardinality - 1
 * @param embeddingDim width of the embedding
 * @param failOnUnknown whether a value in the unknown bucket that is not in the dictionary makes
 *     the row bad
 */
public record CategoryColumn(
    String name,
    List<String> dictionary,
    List<Integer> codes,
    int cardinality,
    int embeddingDim,
    boolean failOnUnknown)
    implements Serializable {}

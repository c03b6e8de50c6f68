package dev.bellows.jobs.table;

import dev.bellows.jobs.source.Tokenizer;
import java.io.Externalizable;
import java.io.IOException;
import java.io.ObjectInput;
import java.io.ObjectOutput;
import org.jspecify.annotations.Nullable;

/**
 * What one pass for fitting collects: statistics of the rows that count, value counts of category
 * columns and classes.
 */
final class FitStats implements Externalizable {
  private static final long serialVersionUID = 1L;

  private TableStats stats = new TableStats();
  private ValueCounts values = new ValueCounts();

  public FitStats() {}

  FitStats(int[] counted, @Nullable Tokenizer[] tokenizers) {
    this.values = new ValueCounts(counted, tokenizers);
  }

  void add(MaskedBlock block) {
    stats.add(block.block(), block.rows());
    values.add(block.block(), block.rows());
  }

  FitStats merge(FitStats other) {
    stats = stats.merge(other.stats);
    values = values.merge(other.values);
    return this;
  }

  TableStats stats() {
    return stats;
  }

  ValueCounts values() {
    return values;
  }

  @Override
  public void writeExternal(ObjectOutput out) throws IOException {
    stats.writeExternal(out);
    values.writeExternal(out);
  }

  @Override
  public void readExternal(ObjectInput in) throws IOException {
    stats.readExternal(in);
    values.readExternal(in);
  }
}

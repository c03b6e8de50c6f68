package dev.bellows.jobs.table;

import dev.bellows.jobs.source.RawBlock;
import java.util.BitSet;

/** A raw block and the rows of it that count. Lives inside one task. */
public final class MaskedBlock {
  private final RawBlock block;
  private final BitSet rows;

  public MaskedBlock(RawBlock block, BitSet rows) {
    this.block = block;
    this.rows = rows;
  }

  public RawBlock block() {
    return block;
  }

  /** Rows that count. Not a copy. */
  public BitSet rows() {
    return rows;
  }
}

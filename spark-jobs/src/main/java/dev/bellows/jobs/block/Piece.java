package dev.bellows.jobs.block;

import dev.bellows.jobs.source.ArrayCodec;
import java.io.Externalizable;
import java.io.IOException;
import java.io.ObjectInput;
import java.io.ObjectOutput;

/** Rows of one raw block on their way to a shard: where each of them goes, and the rows. */
final class Piece implements Externalizable {
  private static final long serialVersionUID = 1L;

  private int[] positions = {};
  private Block block = new Block();

  /** For deserialisation only. */
  public Piece() {}

  Piece(int[] positions, Block block) {
    this.positions = positions;
    this.block = block;
  }

  /** Position in the shard of each row. */
  int[] positions() {
    return positions;
  }

  Block block() {
    return block;
  }

  @Override
  public void writeExternal(ObjectOutput out) throws IOException {
    new ArrayCodec().write(out, positions);
    block.writeExternal(out);
  }

  @Override
  public void readExternal(ObjectInput in) throws IOException {
    positions = new ArrayCodec().readInts(in);
    block = new Block();
    block.readExternal(in);
  }
}

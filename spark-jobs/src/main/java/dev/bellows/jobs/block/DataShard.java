package dev.bellows.jobs.block;

import java.io.Externalizable;
import java.io.IOException;
import java.io.ObjectInput;
import java.io.ObjectOutput;

/**
 * A numbered block: data shard {@code id} of the training rows (slice {@code id} draws from it), or
 * block {@code id} of held-out rows.
 */
public final class DataShard implements Externalizable {
  private static final long serialVersionUID = 1L;

  private int id;
  private Block block;

  /** For deserialisation only. */
  public DataShard() {
    this(-1, new Block());
  }

  public DataShard(int id, Block block) {
    this.id = id;
    this.block = block;
  }

  /** Shard number, 0-based. */
  public int id() {
    return id;
  }

  /** The rows. */
  public Block block() {
    return block;
  }

  @Override
  public void writeExternal(ObjectOutput out) throws IOException {
    out.writeInt(id);
    block.writeExternal(out);
  }

  @Override
  public void readExternal(ObjectInput in) throws IOException {
    id = in.readInt();
    block = new Block();
    block.readExternal(in);
  }

  @Override
  public String toString() {
    return "DataShard[" + id + ", " + block.rows() + " rows]";
  }
}

package dev.bellows.engine.sample.split;

import java.io.Externalizable;
import java.io.IOException;
import java.io.ObjectInput;
import java.io.ObjectOutput;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.LongFunction;

/**
 * What a splitter must know of all rows together, gathered in any order and any parts. Holds no
 * more than the facts that the splitter needs:
 *
 * <ul>
 *   <li>KEY: the keys of each stratum, 8 bytes a row, up to {@link #EXACT_ROWS} of a stratum; of a
 *       larger one only the number of its rows, and its rows are dealt by thresholds of their
 *       hashes
 *   <li>GROUP: rows of each (group, stratum), up to {@link #EXACT_GROUPS} groups; of more groups
 *       only that there are more, and groups are dealt by their hashes
 *   <li>TIME: the time of each row, 8 bytes a row
 *   <li>FOLD: rows of each (group, fold)
 * </ul>
 *
 * Not thread-safe.
 */
public final class RowCounts implements Externalizable {
  private static final long serialVersionUID = 1L;

  /** Rows of a stratum up to which shares are exact. */
  public static final int EXACT_ROWS = 1 << 20;

  /** Groups that are counted one by one, about 200 bytes each. */
  public static final int EXACT_GROUPS = 1 << 20;

  private EnumSet<RowFact> facts = EnumSet.noneOf(RowFact.class);
  private int exactRows = EXACT_ROWS;
  private int exactGroups = EXACT_GROUPS;
  private long rows;
  private final Tally strata = new Tally();
  private final TreeMap<Long, LongList> keys = new TreeMap<>();
  private final TreeMap<Long, Tally> groups = new TreeMap<>();
  private boolean manyGroups;
  private LongList times = new LongList();
  private transient LongFunction<String> names = Long::toString;

  /** For deserialisation only. */
  public RowCounts() {}

  RowCounts(Set<RowFact> facts) {
    this(facts, EXACT_ROWS, EXACT_GROUPS);
  }

  /** With other limits than the defaults, for tests. */
  RowCounts(Set<RowFact> facts, int exactRows, int exactGroups) {
    this.facts.addAll(facts);
    this.exactRows = exactRows;
    this.exactGroups = exactGroups;
  }

  /** Adds a row. */
  public void add(SplitRow row) {
    rows++;
    if (facts.contains(RowFact.KEY)) {
      long stratum = facts.contains(RowFact.STRATUM) ? row.stratum() : 0;
      strata.add(stratum, 1);
      if (strata.of(stratum) <= exactRows) {
        keys.computeIfAbsent(stratum, s -> new LongList()).add(row.key());
      } else {
        keys.remove(stratum);
      }
    }
    if (facts.contains(RowFact.TIME)) {
      times.add(row.time());
    }
    if (facts.contains(RowFact.GROUP) || facts.contains(RowFact.FOLD)) {
      count(row);
    }
  }

  private void count(SplitRow row) {
    boolean byFold = facts.contains(RowFact.FOLD);
    long group = facts.contains(RowFact.GROUP) ? row.group() : 0;
    long inner = byFold ? row.fold() : facts.contains(RowFact.STRATUM) ? row.stratum() : 0;
    if (!manyGroups) {
      groups.computeIfAbsent(group, g -> new Tally()).add(inner, 1);
      forgetMany();
    }
  }

  /** Adds the rows of another part; returns this. */
  public RowCounts merge(RowCounts other) {
    if (!facts.equals(other.facts)) {
      throw new IllegalArgumentException(
          "parts count different facts: " + facts + " and " + other.facts);
    }
    rows += other.rows;
    strata.addAll(other.strata);
    other.keys.forEach((s, list) -> keys.computeIfAbsent(s, c -> new LongList()).addAll(list));
    keys.keySet().removeIf(s -> strata.of(s) > exactRows);
    times.addAll(other.times);
    manyGroups |= other.manyGroups;
    if (!manyGroups) {
      other.groups.forEach((g, t) -> groups.computeIfAbsent(g, c -> new Tally()).addAll(t));
    }
    forgetMany();
    return this;
  }

  private void forgetMany() {
    if (manyGroups || groups.size() > exactGroups) {
      manyGroups = true;
      groups.clear();
    }
  }

  /** Rows that were added. */
  public long rows() {
    return rows;
  }

  /** How refusals call a stratum, e.g. by the class's name in quotes; its code when not given. */
  public RowCounts naming(LongFunction<String> strata) {
    names = strata;
    return this;
  }

  String name(long stratum) {
    return names.apply(stratum);
  }

  void check(Set<RowFact> needed) {
    if (!facts.equals(needed)) {
      throw new IllegalArgumentException(
          "rows were counted by " + facts + "; this split needs " + needed);
    }
  }

  Tally strata() {
    return strata;
  }

  /** The keys of a stratum, or nothing when it is larger than the limit. */
  long[] keys(long stratum) {
    LongList list = keys.get(stratum);
    return list == null ? new long[0] : list.toArray();
  }

  boolean manyGroups() {
    return manyGroups;
  }

  /** By group, ascending: rows of each stratum or fold. */
  Map<Long, Tally> groups() {
    return Collections.unmodifiableMap(groups);
  }

  /** The time of each row, in no order. */
  long[] times() {
    return times.toArray();
  }

  @Override
  public void writeExternal(ObjectOutput out) throws IOException {
    out.writeInt(facts.size());
    for (RowFact fact : facts) {
      out.writeUTF(fact.name());
    }
    out.writeInt(exactRows);
    out.writeInt(exactGroups);
    out.writeLong(rows);
    strata.write(out);
    out.writeInt(keys.size());
    for (Map.Entry<Long, LongList> e : keys.entrySet()) {
      out.writeLong(e.getKey());
      e.getValue().write(out);
    }
    out.writeBoolean(manyGroups);
    out.writeInt(groups.size());
    for (Map.Entry<Long, Tally> e : groups.entrySet()) {
      out.writeLong(e.getKey());
      e.getValue().write(out);
    }
    times.write(out);
  }

  @Override
  public void readExternal(ObjectInput in) throws IOException {
    for (int left = in.readInt(); left > 0; left--) {
      facts.add(RowFact.valueOf(in.readUTF()));
    }
    exactRows = in.readInt();
    exactGroups = in.readInt();
    rows = in.readLong();
    strata.addAll(Tally.read(in));
    for (int left = in.readInt(); left > 0; left--) {
      keys.put(in.readLong(), LongList.read(in));
    }
    manyGroups = in.readBoolean();
    for (int left = in.readInt(); left > 0; left--) {
      groups.put(in.readLong(), Tally.read(in));
    }
    times = LongList.read(in);
  }
}

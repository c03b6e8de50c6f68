package dev.bellows.ps.protocol;

/** Message kinds. Wire numbers are never reused; requests are below 64, answers from 64. */
public enum Opcode {
  /** {@link Message.Ping}. */
  PING(1),
  /** {@link Message.Create}. */
  CREATE(2),
  /** {@link Message.Put}. */
  PUT(3),
  /** {@link Message.Seal}. */
  SEAL(4),
  /** {@link Message.Join}. */
  JOIN(5),
  /** {@link Message.Push}. */
  PUSH(6),
  /** {@link Message.Pull}. */
  PULL(7),
  /** {@link Message.Norm}. */
  NORM(8),
  /** {@link Message.Commit}. */
  COMMIT(9),
  /** {@link Message.Status}. */
  STATUS(10),
  /** {@link Message.Ledger}. */
  LEDGER(11),
  /** {@link Message.Snapshot}. */
  SNAPSHOT(12),
  /** {@link Message.Get}. */
  GET(13),
  /** {@link Message.Release}. */
  RELEASE(14),
  /** {@link Message.Drop}. */
  DROP(15),
  /** {@link Message.Attach}. */
  ATTACH(16),
  /** {@link Message.Detach}. */
  DETACH(17),
  /** {@link Message.Advance}. */
  ADVANCE(18),
  /** {@link Message.Operate}. */
  OPERATE(19),
  /** {@link Message.Create} with a compression. */
  CREATE_CODED(20),
  /** {@link Message.CodedPush}. */
  CODED_PUSH(21),
  /** {@link RowMessage.CreateTable}. */
  CREATE_TABLE(22),
  /** {@link RowMessage.Control}. */
  TABLE(23),
  /** {@link RowMessage.PutRows}. */
  PUT_ROWS(24),
  /** {@link RowMessage.PullRows}. */
  PULL_ROWS(25),
  /** {@link RowMessage.PushRows}. */
  PUSH_ROWS(26),
  /** {@link RowMessage.GetRows}. */
  GET_ROWS(27),
  /** {@link Message.Done}. */
  DONE(64),
  /** {@link Message.Failure}. */
  FAILURE(65),
  /** {@link Message.Values}. */
  VALUES(66),
  /** {@link Message.NormReply}. */
  NORM_REPLY(67),
  /** {@link Message.StatusReply}. */
  STATUS_REPLY(68),
  /** {@link Message.LedgerReply}. */
  LEDGER_REPLY(69),
  /** {@link Message.OperateReply}. */
  OPERATE_REPLY(70),
  /** {@link Message.CodedValues}. */
  CODED_VALUES(71),
  /** {@link Message.RowPage}. */
  ROW_PAGE(72);

  private static final Opcode[] BY_WIRE = new Opcode[128];

  static {
    for (Opcode opcode : values()) {
      BY_WIRE[opcode.wire] = opcode;
    }
  }

  private final byte wire;

  Opcode(int wire) {
    this.wire = (byte) wire;
  }

  /** The byte on the wire. */
  public byte wire() {
    return wire;
  }

  /** True for answers of a server. */
  public boolean isAnswer() {
    return wire >= 64;
  }

  /**
   * The opcode of a byte.
   *
   * @throws PsException {@link PsErrorCode#BAD_OPCODE} for a byte that no message has
   */
  public static Opcode ofWire(byte wire) {
    Opcode opcode = wire < 0 ? null : BY_WIRE[wire];
    if (opcode == null) {
      throw new PsException(PsErrorCode.BAD_OPCODE, "unknown opcode " + (wire & 0xff));
    }
    return opcode;
  }
}

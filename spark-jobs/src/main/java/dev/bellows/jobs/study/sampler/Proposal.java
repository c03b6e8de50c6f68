package dev.bellows.jobs.study.sampler;

import dev.bellows.jobs.space.Configuration;
import java.util.OptionalInt;

/**
 * What a sampler proposes.
 *
 * @param configuration what to try
 * @param parent a finished trial whose weights the new one starts from, if any
 * @param note why this one, in a few words: {@code startup}, {@code model}, or the reason of a
 *     fallback
 */
public record Proposal(Configuration configuration, OptionalInt parent, String note) {
  static Proposal of(Configuration configuration, String note) {
    return new Proposal(configuration, OptionalInt.empty(), note);
  }
}

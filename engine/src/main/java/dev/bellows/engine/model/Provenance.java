package dev.bellows.engine.model;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Where a model comes from. Holds no time and no host, so that the same run gives the same bytes
 * anywhere; those are in the run folder.
 *
 * @param configSha256 of the resolved configuration
 * @param dataFingerprint of the training data
 * @param kernels id of the kernels that computed it
 * @param versions name to version: bellows, java, spark, ...
 */
public record Provenance(
    String configSha256,
    String dataFingerprint,
    long seed,
    String kernels,
    Map<String, String> versions) {

  /** This library's version, as models record it. */
  public static final String BELLOWS_VERSION = "0.1.0";

  /** Sorts and copies the versions. */
  public Provenance {
    versions = java.util.Collections.unmodifiableSortedMap(new TreeMap<>(versions));
  }

  Map<String, @Nullable Object> toJson() {
    Map<String, @Nullable Object> tree = new LinkedHashMap<>();
    tree.put("config_sha256", configSha256);
    tree.put("data_fingerprint", dataFingerprint);
    tree.put("seed", seed);
    tree.put("kernels", kernels);
    tree.put("versions", versions);
    return tree;
  }

  static Provenance fromJson(Map<String, @Nullable Object> tree, String where)
      throws ModelFileException {
    Map<String, String> versions = new TreeMap<>();
    for (Map.Entry<String, @Nullable Object> entry :
        Json.object(tree.get("versions"), where + " versions").entrySet()) {
      versions.put(entry.getKey(), Json.string(entry.getValue(), where + " versions"));
    }
    return new Provenance(
        Json.string(tree.get("config_sha256"), where + " config_sha256"),
        Json.string(tree.get("data_fingerprint"), where + " data_fingerprint"),
        Json.integer(tree.get("seed"), where + " seed"),
        Json.string(tree.get("kernels"), where + " kernels"),
        versions);
  }
}

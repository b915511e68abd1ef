// Which variables change what code runs beside the keys, or where it writes: shells, loaders, runtimes and profilers read them.

/**
 * By name alone. Sources: what the dynamic loader takes from programs with more rights (`sysdeps/generic/unsecvars.h` of glibc),
 * the manuals of bash, dash, Node.js, the JDK, .NET, Python, Perl, Go, OpenSSL, jemalloc and gperftools.
 */
const BY_NAME = new RegExp(
  `^(${[
    // Shells: the preparation of a node is a script, which has the key before it.
    'BASH\\w*|SHELLOPTS|PS\\d|PROMPT_COMMAND|ENV|FPATH|ZDOTDIR|IFS|CDPATH|SHELL|TMPDIR|POSIXLY_CORRECT',
    // The loader, libc and OpenSSL.
    'PATH|HOME|LD_\\w*|GCONV_PATH|GETCONF_DIR|GLIBC_TUNABLES|LOCPATH|NLSPATH|NIS_PATH|TZDIR|OPENSSL\\w*|CTLOG_FILE',
    'HOSTALIASES|LOCALDOMAIN|RES_\\w*|RESOLV_\\w*',
    // Runtimes.
    'NODE_\\w*|NPM_\\w*|npm_\\w*|NODE|\\w*JAVA\\w*|JDK\\w*|JRE\\w*|CLASSPATH|LOG4J\\w*|LOGBACK\\w*|LOGGING_CONFIG',
    'DOTNET_\\w*|CORECLR_\\w*|COMPlus_\\w*|PERL\\w*|PYTHON\\w*|RUBY\\w*|GEM_\\w*|LUA\\w*|GO(?!OGLE_)\\w*|COSMOS_SDK_\\w*',
    // Allocators, profilers and tools that write files, or read the names of programs, at a path that is given.
    '\\w*MALLOC_CONF|MALLOC_\\w*|(CPU|HEAP)PROFILE\\w*|LLVM_PROFILE_FILE|GCOV_\\w*|SSLKEYLOGFILE|WGETRC|SYSTEM_WGETRC|GZIP',
    'XDG_\\w*|(CARGO|CATALINA|CURL|GRADLE|M2|MAVEN|RUSTUP)_HOME|\\w*_(PRELOAD|EDITOR|PAGER|ASKPASS)|EDITOR|PAGER|VISUAL',
    '\\w*(OPTIONS|OPTS)\\w*',
  ].join('|')})$`,
);

const SIZE = '\\d{1,12}[kKmMgGtT]?';
/** Memory and garbage collection; `-D` only for what concerns time, text and the network. */
const JAVA_OPTION = new RegExp(
  `^(${[
    `-X(mx|ms|mn|ss)${SIZE}|-server|-Xshare:(auto|off)|-Xlog:gc[\\w*+]*(=(info|debug|trace|warning))?(:(stdout|stderr))?`,
    '-XX:[+-](Use(G1|Z|Serial|Parallel|Shenandoah)GC|ZGenerational|UseStringDeduplication|AlwaysPreTouch|UseContainerSupport)',
    '-XX:[+-](UseCompressedOops|UseTransparentHugePages|UseLargePages|UseNUMA|DisableExplicitGC|ExitOnOutOfMemoryError)',
    '-XX:[+-](OmitStackTraceInFastThrow|UnlockExperimentalVMOptions|ParallelRefProcEnabled|ExplicitGCInvokesConcurrent)',
    `-XX:(Max|Min|Initial)RAMPercentage=\\d{1,3}(\\.\\d+)?`,
    `-XX:(MaxGCPauseMillis|GCTimeRatio|ParallelGCThreads|ConcGCThreads|ActiveProcessorCount|CICompilerCount|NewRatio)=\\d{1,9}`,
    `-XX:(MaxDirectMemorySize|MetaspaceSize|MaxMetaspaceSize|ReservedCodeCacheSize|SoftMaxHeapSize|MaxHeapSize)=${SIZE}`,
    `-XX:(InitialHeapSize|G1HeapRegionSize|G1ReservePercent|InitiatingHeapOccupancyPercent|G1PeriodicGCInterval)=${SIZE}`,
    '-D(user\\.timezone|user\\.language|user\\.country|file\\.encoding)=[\\w/+-]{1,64}',
    '-D(java\\.awt\\.headless|java\\.net\\.preferIPv[46]\\w+)=(true|false|system)',
    '-D(https?\\.proxyPort|sun\\.net\\.\\w+|networkaddress\\.cache\\.\\w+)=-?\\d{1,9}',
    '-Dhttps?\\.proxyHost=[\\w.-]{1,253}|-Dhttp\\.nonProxyHosts=[\\w.*|-]{1,1000}',
  ].join('|')})$`,
);
const NODE_OPTION = new RegExp(
  `^(${[
    '--(max|min)[-_](old[-_]space|semi[-_]space|heap)[-_]size=\\d{1,9}|--max-http-header-size=\\d{1,9}',
    '--dns-result-order=(ipv4first|ipv6first|verbatim)|--(no-)?network-family-autoselection|--no-warnings|--trace-warnings',
    '--(gc[-_]interval|stack-trace-limit)=\\d{1,9}|--trace[-_]gc|--expose[-_]gc',
  ].join('|')})$`,
);

/** Names of the above that are for tuning, with what they may hold: words for options, else the whole value. */
const TUNING: readonly { readonly names: RegExp; readonly words?: RegExp; readonly value?: RegExp }[] = [
  {
    names: /^(JAVA_OPTS|JAVA_OPTIONS|JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|JDK_JAVA_OPTIONS|BESU_OPTS|TEKU_OPTS)$/,
    words: JAVA_OPTION,
  },
  { names: /^NODE_OPTIONS$/, words: NODE_OPTION },
  { names: /^(GOGC|GOMAXPROCS)$/, value: /^(\d{1,6}|off)$/ },
  { names: /^GOMEMLIMIT$/, value: /^(\d{1,15}([KMGT]i)?B?|off)$/ },
  { names: /^GOTRACEBACK$/, value: /^(none|single|all|system)$/ },
  { names: /^GODEBUG$/, value: /^(netdns=(go|cgo)|madvdontneed=[01]|gctrace=[01])(,(netdns=(go|cgo)|madvdontneed=[01]|gctrace=[01]))*$/ }, // prettier-ignore
  {
    names:
      /^DOTNET_(gcServer|gcConcurrent|GCHeapHardLimit|GCHeapHardLimitPercent|GCConserveMemory|GCHeapCount|TieredPGO)$/,
    value: /^(0x)?[0-9A-Fa-f]{1,16}$/,
  },
  { names: /^MALLOC_ARENA_MAX$/, value: /^\d{1,6}$/ },
];

/** Whether a program beside the client, its runtime or its loader reads the variable. */
export function changesPrograms(name: string): boolean {
  return BY_NAME.test(name);
}

/** What is wrong with a variable of the file; undefined when it may be set. `value`: the name alone is allowed. */
export function whyRefused(
  name: string,
  value: string,
): { readonly field: 'name' | 'value'; readonly message: string } | undefined {
  if (!changesPrograms(name)) return undefined;
  const tuning = TUNING.find(({ names }) => names.test(name));
  if (tuning === undefined) {
    return { field: 'name', message: `${name} can change which code runs, or where it writes. Remove it.` };
  }
  if (tuning.words === undefined) {
    if (tuning.value?.test(value) === true) return undefined;
    return { field: 'value', message: `${name} may only hold what tunes memory and its like. Remove it.` };
  }
  const wrong = value.split(/\s+/).find((word) => word !== '' && tuning.words?.test(word) === false);
  if (wrong === undefined) return undefined;
  const message = `${name} may only hold options for memory, garbage collection and the like, and not ${JSON.stringify(wrong)}. Remove it.`;
  return { field: 'value', message };
}
